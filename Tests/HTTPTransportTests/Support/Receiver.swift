// Records what an exchange is told, and notes every breach of the transport contract.

import NIOCore
import TransportAPI

/// Used on one event loop.
final class Receiver: ExchangeReceiver {
    private(set) var head: AnswerHead?
    private(set) var lines = ""
    private(set) var bytes: [UInt8] = []
    private(set) var pieces = 0
    /// How often it was told that nothing of its request's body is held.
    private(set) var sentCount = 0
    private(set) var isEnded = false
    private(set) var error: TransportError?
    private(set) var breaches: [String] = []
    /// Called when the exchange has ended or failed.
    var whenOver: (() -> Void)?
    var whenBegun: (() -> Void)?
    var whenBytesCome: (() -> Void)?

    var isOver: Bool { isEnded || error != nil }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func requestSent() {
        if isOver { breaches.append("sent after its end") }
        if sentCount > 0 { breaches.append("sent twice") }
        sentCount += 1
    }

    func answerBegan(_ head: AnswerHead) {
        if isOver || self.head != nil { breaches.append("began late or twice") }
        self.head = head
        lines = String(buffer: head.lines)
        whenBegun?()
    }

    func answerBytes(_ bytes: ByteBuffer) {
        if isOver || head == nil { breaches.append("bytes outside of the answer") }
        self.bytes += Array(bytes.readableBytesView)
        pieces += 1
        whenBytesCome?()
    }

    func answerPaused() {}

    func answerEnded() {
        if isOver || head == nil { breaches.append("ended twice or before it began") }
        isEnded = true
        whenOver?()
    }

    func exchangeFailed(_ error: TransportError) {
        if isOver { breaches.append("failed after its end") }
        self.error = error
        whenOver?()
    }
}
