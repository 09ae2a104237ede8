// What a Redis server answers (RESP2), as values of ours. Pure.
internal import NIOCore

/// One reply.
enum RESPValue: Equatable {
    case status(String)
    case error(String)
    case integer(Int64)
    case bytes(ByteBuffer)
    case null
    case array([RESPValue])

    var elements: [RESPValue]? { if case .array(let elements) = self { elements } else { nil } }

    var bytes: ByteBuffer? { if case .bytes(let bytes) = self { bytes } else { nil } }

    var integer: Int64? { if case .integer(let number) = self { number } else { nil } }

    /// Of a status or of bytes, for words that the server chooses from a few.
    var text: String? {
        switch self {
        case .status(let text): text
        case .bytes(let bytes): String(buffer: bytes)
        default: nil
        }
    }

    /// A decimal number that was sent as bytes, because it may be beyond what a script can calculate with.
    var number: UInt64? { bytes.flatMap { UInt64(String(buffer: $0)) } }
}
