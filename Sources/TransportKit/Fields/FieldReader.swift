// Reads what `FieldWriter` wrote, here or in another version of this program. The bytes come from outside.
public import NIOCore

/// Tagged fields. Unknown tags are passed over; nothing is copied.
public struct FieldReader: Sendable {
    /// Beyond it the bytes are refused.
    public static let fieldsMax = 4096

    public let version: UInt8
    private let fields: [(tag: UInt8, bytes: ByteBuffer)]

    /// - Returns: nil when the version is none of `versions`, when the bytes do not end with a field's end, or when
    ///   there are more than ``fieldsMax`` fields.
    public init?(_ buffer: ByteBuffer, versions: ClosedRange<UInt8>) {
        var buffer = buffer
        guard let version = buffer.readInteger(as: UInt8.self), versions.contains(version) else { return nil }
        var fields: [(tag: UInt8, bytes: ByteBuffer)] = []
        while let tag = buffer.readInteger(as: UInt8.self) {
            guard fields.count < Self.fieldsMax, let count = Self.readCount(&buffer),
                let bytes = buffer.readSlice(length: count)
            else { return nil }
            fields.append((tag, bytes))
        }
        self.version = version
        self.fields = fields
    }

    /// The first field with this tag.
    public func bytes(_ tag: UInt8) -> ByteBuffer? { fields.first { $0.tag == tag }?.bytes }

    /// The first field with this tag.
    public func array(_ tag: UInt8) -> [UInt8]? { bytes(tag).map { Array($0.readableBytesView) } }

    /// The first field with this tag; nil too when it has more than eight bytes.
    public func number(_ tag: UInt8) -> UInt64? {
        guard let bytes = bytes(tag), bytes.readableBytes <= 8 else { return nil }
        return bytes.readableBytesView.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The first field with this tag as text; nil too when it is longer than `bytesMax`, is not UTF-8, or holds a
    /// control character.
    public func text(_ tag: UInt8, bytesMax: Int) -> String? {
        guard let bytes = bytes(tag), bytes.readableBytes <= bytesMax,
            let text = String(validating: bytes.readableBytesView, as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return nil }
        return text
    }

    /// Every field with this tag, in order.
    public func all(_ tag: UInt8) -> [ByteBuffer] { fields.filter { $0.tag == tag }.map(\.bytes) }

    /// At most 32 bits.
    private static func readCount(_ buffer: inout ByteBuffer) -> Int? {
        var count: UInt64 = 0
        for place in UInt64(0)..<5 {
            guard let byte = buffer.readInteger(as: UInt8.self) else { return nil }
            count |= UInt64(byte & 0x7F) << (7 * place)
            if byte & 0x80 == 0 { return count <= UInt64(UInt32.max) ? Int(count) : nil }
        }
        return nil
    }
}
