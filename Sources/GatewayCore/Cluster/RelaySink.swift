// The client of an exchange as its host sees it when another process, or another event loop, has the client's
// connection.
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// A client that is reached through a relay.
final class RelaySink: ResponseSink, RelayObserver {
    let clientAddress = "relay"
    private let answer: RelayAnswer
    var observer: (any ClientObserver)?

    init(_ answer: RelayAnswer) {
        self.answer = answer
        answer.observer = self
    }

    var queuedBytes: Int { answer.queuedBytes }

    func begin(status: Int, lines: ByteBuffer, length: Int?) {
        answer.begin(status: status, lines: lines, length: length)
    }

    func write(_ bytes: ByteBuffer) { answer.write(bytes) }

    func flush() { answer.flush() }

    func end() {
        observer = nil
        answer.end()
    }

    /// Nothing was done: the caller may turn to somebody else.
    func refuse(_ reason: String) {
        observer = nil
        answer.refuse(TransportError(.closed, .notDelivered, reason))
    }

    func abort() {
        observer = nil
        answer.abort()
    }

    func callerLeft() {
        let observer = observer
        self.observer = nil
        observer?.clientLeft()
    }

    func callerIsWritable(_ isWritable: Bool) { observer?.clientIsWritable(isWritable) }
}
