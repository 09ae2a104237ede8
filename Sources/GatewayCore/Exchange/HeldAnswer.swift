// The stream that answers `initialize`, kept back until the result is known and the session is on record.
internal import NIOCore
internal import TransportAPI

/// What an instance has answered and its client has not been told.
final class HeldAnswer {
    let head: AnswerHead
    var bytes = ByteBuffer()
    /// Of the body, where it is whole.
    var length: Int?
    /// The instance has said everything.
    var hasEnded = false
    /// The session is being put on record.
    var isRecording = false

    init(head: AnswerHead) { self.head = head }
}
