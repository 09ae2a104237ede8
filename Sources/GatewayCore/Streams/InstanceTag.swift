// The sealed prefix on what a 2026-07-28 client echoes (`requestState`, cursors, task ids), so that the echo returns to
// the instance that made it: unchanged servers seal `requestState` with a key of their own process.
internal import SealedBox

/// The contents of a tag.
struct InstanceTag {
    private static let context: StaticString = "patchbay tag 1"
    private static let mark = Array("pb1.".utf8)
    /// A tag is `pb1.`, 78 characters, `.`.
    static let textBytes = 4 + 78 + 1

    var instance: UInt64
    var principal: Principal
    /// Unix seconds.
    var expires: UInt32

    func seal(_ sealer: Sealer) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(28)
        for word in [instance, principal.high, principal.low] {
            for shift in stride(from: 56, through: 0, by: -8) { plain.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        for shift in stride(from: 24, through: 0, by: -8) { plain.append(UInt8(truncatingIfNeeded: expires >> shift)) }
        var text = Self.mark
        plain.withUnsafeBytes { sealer.seal($0, context: Self.context) }
            .withUnsafeBytes { Base64URL.encode($0, into: &text) }
        text.append(0x2E)
        return text
    }

    /// What stands at the beginning of an echoed value.
    enum Reading {
        /// It bears no tag of ours.
        case none
        /// It looks like ours and is not, or belongs to someone else, or is too old.
        case invalid
        case valid(InstanceTag)
    }

    static func read(
        _ value: UnsafeRawBufferPointer, _ sealer: Sealer, principal: Principal, now: UInt32
    ) -> Reading {
        guard value.count >= mark.count, mark.elementsEqual(value.prefix(mark.count)) else { return .none }
        guard value.count >= textBytes, value[textBytes - 1] == 0x2E,
            let sealed = Base64URL.decode(UnsafeRawBufferPointer(rebasing: value[mark.count..<(textBytes - 1)])),
            let plain = sealed.withUnsafeBytes({ sealer.open($0, context: context) }), plain.count == 28
        else { return .invalid }
        func word(_ start: Int, _ count: Int) -> UInt64 {
            plain[start..<(start + count)].reduce(0) { $0 << 8 | UInt64($1) }
        }
        var owner = Principal()
        owner.high = word(8, 8)
        owner.low = word(16, 8)
        let tag = InstanceTag(
            instance: word(0, 8), principal: owner, expires: UInt32(truncatingIfNeeded: word(24, 4)))
        guard owner == principal, now < tag.expires else { return .invalid }
        return .valid(tag)
    }
}
