// The first frame of an exchange: the request's context and head in the header, the first part of its body behind.
internal import NIOCore

/// What an open frame says, besides the frame's fixed beginning.
struct RelayOpening {
    /// Caller's loop, window and the three sizes.
    static let bytesFixed = 1 + 4 + 2 + 4 + 4

    /// Where answers go.
    var callerLoop: UInt8
    var window: UInt32
    var context: ByteBuffer
    var head: ByteBuffer
    /// Of the whole body, the parts to come included.
    var bodyCount: Int

    static func write(_ request: RelayRequest, callerLoop: UInt8, window: Int, to header: inout ByteBuffer) {
        header.writeMultipleIntegers(
            callerLoop, UInt32(clamping: window), UInt16(clamping: request.context.readableBytes),
            UInt32(clamping: request.head.readableBytes), UInt32(clamping: request.body.readableBytes))
        header.writeImmutableBuffer(request.context)
        header.writeImmutableBuffer(request.head)
    }

    /// - Returns: nil when the sizes and the bytes do not agree.
    init?(readFrom fields: inout ByteBuffer) {
        guard
            let (loop, window, contextCount, headCount, bodyCount) = fields.readMultipleIntegers(
                as: (UInt8, UInt32, UInt16, UInt32, UInt32).self),
            let context = fields.readSlice(length: Int(contextCount)),
            let head = fields.readSlice(length: Int(headCount)),
            fields.readableBytes == 0
        else { return nil }
        self.callerLoop = loop
        self.window = window
        self.context = context
        self.head = head
        self.bodyCount = Int(bodyCount)
    }
}
