// Decides which watched key a member name of a message is. The envelope reader asks once per member of the four
// objects that it looks into; the common case is a switch over the length and one comparison.

extension WatchedKey {
    /// How a member name relates to the watched ones.
    enum Recognition {
        case exact(WatchedKey)
        /// Equal to a watched key but for case, by the simple folding that some JSON libraries use.
        case caseVariant(WatchedKey)
        case unknown
    }

    /// - Parameter raw: the contents of `token`.
    @inline(__always)
    static func recognise(_ raw: UnsafeRawBufferPointer, _ token: StringToken, in part: MessagePart) -> Recognition {
        guard token.isPlain else { return decoded(raw, in: part) }
        let (first, second, third) = candidates(ofLength: raw.count, in: part)
        guard let first else { return .unknown }
        if raw.holds(first.text) { return .exact(first) }
        if let second, raw.holds(second.text) { return .exact(second) }
        if let third, raw.holds(third.text) { return .exact(third) }
        return variant(raw, among: [first, second, third])
    }

    /// All keys of this length in this object. Every key of `MessagePart.keys` must be here; a test compares the two.
    @inline(__always)
    private static func candidates(
        ofLength count: Int, in part: MessagePart
    ) -> (WatchedKey?, WatchedKey?, WatchedKey?) {
        switch (part, count) {
        case (.envelope, 2): (.id, nil, nil)
        case (.envelope, 5): (.error, nil, nil)
        case (.envelope, 6): (.method, .params, .result)
        case (.envelope, 7): (.jsonrpc, nil, nil)
        case (.params, 3): (.uri, nil, nil)
        case (.params, 4): (.name, nil, nil)
        case (.params, 5): (.meta, nil, nil)
        case (.params, 6): (.taskID, .cursor, nil)
        case (.params, 9): (.requestID, nil, nil)
        case (.params, 12): (.requestState, nil, nil)
        case (.params, 13), (.meta, 13): (.progressToken, nil, nil)
        case (.params, 15), (.result, 15): (.protocolVersion, nil, nil)
        case (.meta, 39): (.metaProtocolVersion, nil, nil)
        case (.meta, 42): (.metaClientCapabilities, nil, nil)
        case (.result, 6): (.taskID, nil, nil)
        case (.result, 10): (.resultType, .nextCursor, nil)
        case (.result, 12): (.requestState, nil, nil)
        case (.result, 17): (.supportedVersions, nil, nil)
        default: (nil, nil, nil)
        }
    }

    @inline(never)
    private static func variant(_ raw: UnsafeRawBufferPointer, among candidates: [WatchedKey?]) -> Recognition {
        for case let key? in candidates where FoldedName.equals(raw, key.text) { return .caseVariant(key) }
        return .unknown
    }

    /// Names with escapes or with letters outside ASCII, whose raw length says nothing.
    @inline(never)
    private static func decoded(_ raw: UnsafeRawBufferPointer, in part: MessagePart) -> Recognition {
        for key in part.keys where JSONString.equals(raw, key.text) { return .exact(key) }
        return variant(raw, among: part.keys)
    }
}

/// Comparison without regard to case, over the bytes that raw JSON string contents stand for.
enum FoldedName {
    /// True when the contents equal the ASCII text by simple case folding: A to Z, and the two letters outside ASCII
    /// that fold into it, U+212A (Kelvin sign, k) and U+017F (long s, s).
    static func equals(_ raw: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        var bytes = DecodedBytes(raw)
        for expected in UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount) {
            guard let byte = bytes.next(), folded(byte, &bytes) == lowercase(expected) else { return false }
        }
        return bytes.next() == nil && !bytes.isBroken
    }

    private static func folded(_ byte: UInt8, _ rest: inout DecodedBytes) -> UInt8 {
        switch byte {
        case 0xC5: rest.next() == 0xBF ? UInt8(ascii: "s") : byte
        case 0xE2: rest.next() == 0x84 && rest.next() == 0xAA ? UInt8(ascii: "k") : byte
        default: lowercase(byte)
        }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }
}
