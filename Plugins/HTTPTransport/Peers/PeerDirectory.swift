// Records kept by the nodes themselves. This is the port and what arrives from other members; a call's way is in
// `DirectoryRoute`, what the home of a record does in `RecordHome`, the moving of records in `RecordHandover`.
internal import NIOCore
internal import SealedBox
internal import Synchronization
internal import TransportAPI

final class PeerDirectory: SessionDirectory, @unchecked Sendable {
    let network: PeerNetwork
    let requests: RequestTable
    var store: RecordStore
    private(set) lazy var home = RecordHome(directory: self)
    private(set) lazy var handover = RecordHandover(directory: self)
    /// The nodes among which records are spread, and their number.
    private(set) var nodes: [MemberID] = []
    private(set) var view: UInt64 = 0
    private let isClosed = Atomic(false)
    private var sweeps: RepeatedTask?

    init(network: PeerNetwork) {
        self.network = network
        let options = network.options
        requests = RequestTable(loop: network.loop, most: options.requestsMax)
        store = RecordStore(recordsMax: options.recordsMax, bytesMax: options.recordBytesMax, now: .now())
    }

    var loop: any EventLoop { network.loop }
    var isNode: Bool { network.options.role == .node }

    // MARK: The port

    var valueBytesMax: Int { network.options.valueBytesMax }

    var timeout: TimeAmount { network.options.homeTimeout * 4 }

    func incarnation(on loop: any EventLoop) -> EventLoopFuture<UInt64?> {
        isClosed.load(ordering: .relaxed) ? loop.makeFailedFuture(Self.error(.closed)) : loop.makeSucceededFuture(nil)
    }

    func read(_ key: Key128, on loop: any EventLoop) -> EventLoopFuture<DirectoryRead> {
        perform(.read(key), on: loop) { if case .read(let read) = $0 { read } else { nil } }
    }

    func create(
        _ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        guard value.readableBytes <= valueBytesMax else { return loop.makeFailedFuture(Self.error(.tooLarge)) }
        return write(.create(key, Self.own(value), lifetime: lifetime), on: loop)
    }

    func update(
        _ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        guard value.readableBytes <= valueBytesMax else { return loop.makeFailedFuture(Self.error(.tooLarge)) }
        return write(.update(key, Self.own(value), from: revision, lifetime: lifetime), on: loop)
    }

    func delete(_ key: Key128, from revision: UInt64, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> {
        write(.delete(key, from: revision), on: loop)
    }

    private func write(_ call: DirectoryCall, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> {
        perform(call, on: loop) { if case .write(let write) = $0 { write } else { nil } }
    }

    private func perform<Value: Sendable>(
        _ call: DirectoryCall, on loop: any EventLoop, _ value: @escaping @Sendable (DirectoryReply) -> Value?
    ) -> EventLoopFuture<Value> {
        if isClosed.load(ordering: .relaxed) { return loop.makeFailedFuture(Self.error(.closed)) }
        let promise = loop.makePromise(of: Value.self)
        self.loop.execute {
            DirectoryRoute(call, self) { reply in
                if let value = value(reply) { return promise.succeed(value) }
                if case .failed(let code) = reply { return promise.fail(Self.error(code)) }
                promise.fail(Self.error(.interrupted))
            }.start()
        }
        return promise.futureResult
    }

    /// A copy of its own, so that a small record does not hold on to a large message.
    private static func own(_ value: ByteBuffer) -> ByteBuffer { ByteBuffer(bytes: value.readableBytesView) }

    // MARK: Life

    /// Before the first link comes.
    func start() {
        viewChanged()
        sweeps = loop.scheduleRepeatedTask(initialDelay: .milliseconds(500), delay: .milliseconds(500)) {
            [weak self] _ in self?.store.sweep(now: .now())
        }
    }

    /// Calls are refused from here on; records go to the other nodes. Completes when they have them, or at `end`.
    func handOver(until end: NIODeadline) -> EventLoopFuture<Void> {
        handover.drain(until: end).map { self.sweeps?.cancel() }
    }

    func refuseCalls() { isClosed.store(true, ordering: .relaxed) }

    // MARK: From the network

    /// Nodes came or went.
    func viewChanged() {
        nodes = network.nodes
        let view = Rendezvous.view(nodes)
        if view == self.view { return }
        self.view = view
        handover.viewChanged()
    }

    func linkEnded(_ link: PeerLink) { requests.linkEnded(link) }

    func answered(_ id: UInt64, _ reply: DirectoryReply, on link: PeerLink) {
        requests.answered(id, reply, on: link)
    }

    func asked(_ id: UInt64, _ request: DirectoryRequest, by member: PeerMember, on link: PeerLink) {
        // A reply that does not fit into the queue is left out: the asker's time runs out.
        let reply: (DirectoryReply) -> Void = { [weak link] in link?.outbox?.offer(.reply(id, $0)) }
        guard isNode else { return reply(.failed(.unreachable)) }
        switch request {
        case .perform(let call): DirectoryRoute(call, self, reply).start()
        case .serve(let call, let view): home.serve(call, view: view, reply)
        case .peek(let key, let view):
            guard view == 0 || view == self.view else { return reply(.disputed) }
            let now = NIODeadline.now()
            reply(.entry(store.entry(key, now: now)?.stored(now: now)))
        case .copy(let key, let record, let view):
            guard view == 0 || view == self.view, !network.isClosing else { return reply(.disputed) }
            guard record.value.readableBytes <= valueBytesMax else { return reply(.failed(.tooLarge)) }
            let isKept = store.adopt(key, record, holders: [member.id], now: .now())
            reply(isKept ? .copied : .failed(.overloaded))
        }
    }

    // MARK: Errors

    static func error(_ code: TransportError.Code) -> TransportError {
        switch code {
        case .closed: TransportError(code, .notDelivered, "The transport was closed.")
        case .tooLarge: TransportError(code, .notDelivered, "The value of a record is above the limit.")
        case .overloaded: TransportError(code, .notDelivered, "The nodes keep as many records or calls as they may.")
        case .unreachable:
            TransportError(code, .notDelivered, "No node keeps records, or the nodes do not see each other alike.")
        case .timedOut: TransportError(code, .unknown, "The node that keeps the record did not answer in time.")
        default: TransportError(.interrupted, .unknown, "The link to the node that keeps the record broke.")
        }
    }
}
