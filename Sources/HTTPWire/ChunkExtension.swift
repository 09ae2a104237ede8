// The grammar of chunk extensions (RFC 9112 §7.1.1). They mean nothing to the gateway, but readers that are lenient
// about them have disagreed on where a chunk's data begins, so what is malformed is refused.

/// The extensions of one chunk-size line, read byte by byte from behind the first ';'. White space, which only old
/// senders put around ';' and '=', is refused.
struct ChunkExtension {
    private enum Part { case nameStart, name, valueStart, value, quoted, escaped, quoteEnd }

    private var part = Part.nameStart

    /// The line may end here.
    var isComplete: Bool { part == .name || part == .value || part == .quoteEnd }

    /// False if this byte cannot stand here.
    mutating func accept(_ byte: UInt8) -> Bool {
        guard let next = part(behind: byte) else { return false }
        part = next
        return true
    }

    private func part(behind byte: UInt8) -> Part? {
        switch part {
        case .nameStart:
            ByteClass.isToken(byte) ? .name : nil
        case .name:
            if byte == 0x3D { .valueStart } else { behindToken(byte, .name) }
        case .valueStart:
            if byte == 0x22 { .quoted } else { ByteClass.isToken(byte) ? .value : nil }
        case .value:
            behindToken(byte, .value)
        case .quoted:
            switch byte {
            case 0x22: .quoteEnd
            case 0x5C: .escaped
            default: Self.isText(byte) ? .quoted : nil
            }
        case .escaped:
            Self.isText(byte) ? .quoted : nil
        case .quoteEnd:
            byte == 0x3B ? .nameStart : nil
        }
    }

    private func behindToken(_ byte: UInt8, _ same: Part) -> Part? {
        if byte == 0x3B { return .nameStart }
        return ByteClass.isToken(byte) ? same : nil
    }

    /// Anything but control bytes.
    private static func isText(_ byte: UInt8) -> Bool { byte == 0x09 || (byte >= 0x20 && byte != 0x7F) }
}
