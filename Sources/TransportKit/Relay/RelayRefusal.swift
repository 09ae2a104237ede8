// An error as it travels from a host to its caller.
internal import NIOCore
internal import TransportAPI

/// Writes and reads the fields of a refusal.
enum RelayRefusal {
    /// By their number on the wire, which never changes.
    private static let codes: [TransportError.Code] = [
        .refused, .unreachable, .timedOut, .interrupted, .malformed, .overloaded, .cancelled, .tooLarge, .overflowed,
        .closed,
    ]

    static func write(_ error: TransportError, messageBytesMax: Int, to header: inout ByteBuffer) {
        header.writeInteger(UInt8(clamping: codes.firstIndex(of: error.code) ?? 255))
        header.writeInteger(error.delivery == .notDelivered ? 0 : 1, as: UInt8.self)
        header.writeBytes(error.message.utf8.prefix(messageBytesMax))
    }

    /// What is not understood is taken for the worst: interrupted, and unknown whether it was done.
    static func read(_ fields: ByteBuffer, messageBytesMax: Int) -> TransportError {
        var fields = fields
        let code = fields.readInteger(as: UInt8.self).map(Int.init) ?? 255
        let isUndone = fields.readInteger(as: UInt8.self) == 0
        return TransportError(
            code < codes.count ? codes[code] : .interrupted, isUndone ? .notDelivered : .unknown,
            text(fields, bytesMax: messageBytesMax))
    }

    /// Somebody else's text for our log: short, on one line.
    private static func text(_ bytes: ByteBuffer, bytesMax: Int) -> String {
        var text = ""
        for scalar in String(decoding: bytes.readableBytesView.prefix(bytesMax), as: UTF8.self).unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control
            text.unicodeScalars.append(isControl ? " " : scalar)
        }
        return text
    }
}
