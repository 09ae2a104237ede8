// What the client holds as `Mcp-Session-Id`: a sealed note that routes a request without any table. The layout is fixed
// and small; the seal is AES-256-GCM, so that a changed, foreign or invented token opens to nothing.
internal import SealedBox

/// The contents of a sealed session id.
struct SessionToken: Equatable {
    /// Instance session ids above this are left out, and found in the table only.
    static let upstreamIDBytesMax = 64
    private static let fixedBytes = 76
    private static let context: StaticString = "patchbay session 1"

    var session: SessionID
    /// Random per start of this node's table: that a token of another incarnation has no entry here says nothing.
    var incarnation: UInt64
    var upstream: UInt64
    var instance: UInt64
    var node: UInt64
    var principal: Principal
    /// The negotiated revision's raw value; 255 while unknown.
    var revision: UInt8 = .max
    /// The kinds of list that the server announces changes of.
    var kinds: UInt8 = 0
    /// Unix seconds.
    var minted: UInt32
    var expires: UInt32
    /// Nil when it was too long to carry.
    var upstreamSessionID: [UInt8]?

    /// The visible ASCII text of the token.
    func seal(_ sealer: Sealer) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(Self.fixedBytes + (upstreamSessionID?.count ?? 0))
        for word in [
            session.high, session.low, incarnation, upstream, instance, node, principal.high, principal.low,
            UInt64(minted) << 32 | UInt64(expires),
        ] {
            Self.append(word, to: &plain)
        }
        plain.append(revision)
        plain.append(kinds)
        if let id = upstreamSessionID, id.count <= Self.upstreamIDBytesMax {
            plain.append(1)
            plain.append(UInt8(truncatingIfNeeded: id.count))
            plain.append(contentsOf: id)
        } else {
            plain.append(contentsOf: [0, 0])
        }
        let sealed = plain.withUnsafeBytes { sealer.seal($0, context: Self.context) }
        var text: [UInt8] = []
        text.reserveCapacity((sealed.count * 4 + 2) / 3)
        sealed.withUnsafeBytes { Base64URL.encode($0, into: &text) }
        return text
    }

    /// Nil for anything that was not sealed with one of the keys.
    static func open(_ text: UnsafeRawBufferPointer, _ sealer: Sealer) -> SessionToken? {
        guard let sealed = Base64URL.decode(text),
            let plain = sealed.withUnsafeBytes({ sealer.open($0, context: context) }),
            plain.count >= fixedBytes
        else { return nil }
        var words: [UInt64] = []
        for start in stride(from: 0, to: 72, by: 8) {
            words.append(plain[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) })
        }
        let count = Int(plain[75])
        guard plain.count == fixedBytes + count, words.count == 9 else { return nil }
        var principal = Principal()
        principal.high = words[6]
        principal.low = words[7]
        return SessionToken(
            session: SessionID(high: words[0], low: words[1]), incarnation: words[2], upstream: words[3],
            instance: words[4], node: words[5], principal: principal, revision: plain[72], kinds: plain[73],
            minted: UInt32(truncatingIfNeeded: words[8] >> 32), expires: UInt32(truncatingIfNeeded: words[8]),
            upstreamSessionID: plain[74] == 1 ? Array(plain[fixedBytes...]) : nil)
    }

    private static func append(_ word: UInt64, to bytes: inout [UInt8]) {
        for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
