// Stands where a listener accepts: takes no more connections than there are files for, and rests when the system has
// none left. What is not accepted waits in the system's backlog and takes nothing of this process.
internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// The gate before a listener's connections. Lives on the event loop that accepts.
final class AcceptGate: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    /// How long nothing is accepted after the system had no file, or no memory, for a connection.
    static let restTime = TimeAmount.milliseconds(100)

    private let ledger: DoorLedger
    private var context: ChannelHandlerContext?
    private(set) var isAccepting = true
    private var isResting = false
    /// Asked by connections that end on other event loops.
    private let isHeld = Held()

    private final class Held: Sendable {
        let value = Atomic<Bool>(false)
    }

    init(_ ledger: DoorLedger) { self.ledger = ledger }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        guard ledger.files.enter() else {
            // The socket hands over a few at a time, so some come after the last one that fits.
            ledger.note(.full)
            return connection.close(promise: nil)
        }
        let (ledger, isHeld, loop) = (ledger, isHeld, context.eventLoop)
        let gate = NIOLoopBound(self, eventLoop: loop)
        connection.closeFuture.whenComplete { _ in
            ledger.files.leave()
            if isHeld.value.load(ordering: .sequentiallyConsistent) { loop.execute { gate.value.open() } }
        }
        context.fireChannelRead(data)
        if ledger.files.isFull { hold() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if let error = error as? IOError, Self.isShortage(error.errnoCode) { rest(context) }
        context.fireErrorCaught(error)
    }

    private static func isShortage(_ code: CInt) -> Bool {
        switch code {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM: true
        default: false
        }
    }

    /// Without this the loop would try again as fast as it can for as long as a connection waits.
    private func rest(_ context: ChannelHandlerContext) {
        ledger.note(.files)
        guard !isResting else { return }
        isResting = true
        accept(false)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.restTime) { [self] in
            isResting = false
            open()
        }
    }

    /// Until a connection ends. One may have ended since it was looked.
    private func hold() {
        isHeld.value.store(true, ordering: .sequentiallyConsistent)
        accept(false)
        open()
    }

    private func open() {
        guard !isResting, !ledger.files.isFull else { return }
        isHeld.value.store(false, ordering: .sequentiallyConsistent)
        accept(true)
    }

    private func accept(_ isAccepting: Bool) {
        guard let context, isAccepting != self.isAccepting else { return }
        self.isAccepting = isAccepting
        // A listener that is closed already does not accept anyway.
        try? context.channel.syncOptions?.setOption(.autoRead, value: isAccepting)
    }
}
