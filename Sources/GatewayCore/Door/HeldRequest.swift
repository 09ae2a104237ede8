// A request that waits for something to be read before it is served. Its client may leave meanwhile.
internal import HTTPWire
internal import NIOCore

/// Stands for an exchange that has not begun yet. Their large bodies count in `Limits.requestBytes`.
final class HeldRequest: ClientObserver {
    private var exchange: (any ClientObserver)?
    private var hasLeft = false
    private var isWritable = true

    /// Begins what was held. What a client has sent that left meanwhile is carried out all the same, as it is when it
    /// need not wait; a stream that nobody waits for is not begun.
    func goOn(_ request: Request, _ sink: any ResponseSink, _ begin: (any ResponseSink) -> (any ClientObserver)?) {
        guard hasLeft else {
            exchange = begin(sink)
            if !isWritable { exchange?.clientIsWritable(false) }
            return
        }
        if request.head.verb != .get { begin(AbsentClient())?.clientLeft() }
    }

    /// It goes no further. `answer` tells the client, if that is still there.
    func end(_ answer: () -> Void) { if !hasLeft { answer() } }

    func clientLeft() {
        hasLeft = true
        exchange?.clientLeft()
        exchange = nil
    }

    func clientIsWritable(_ isWritable: Bool) {
        self.isWritable = isWritable
        exchange?.clientIsWritable(isWritable)
    }
}

/// Takes an answer that nobody waits for.
private final class AbsentClient: ResponseSink {
    let clientAddress = "-"
    let queuedBytes = 0
    func begin(status: Int, lines: ByteBuffer, length: Int?) {}
    func write(_ bytes: ByteBuffer) {}
    func flush() {}
    func end() {}
    func abort() {}
}
