// The id under which a client sees a server's question (sampling, elicitation, roots). It says everything that is
// needed to bring the answer home, so that any node can, also when the node that passed the question on is gone.
internal import SealedBox

/// The contents of a sealed question id.
struct QuestionToken: Equatable {
    /// Longest id of a server that is carried, in bytes of its raw JSON. A server with longer ones gets an error.
    static let rawIDBytesMax = 128
    private static let context: StaticString = "patchbay question 2"
    private static let fixedBytes = 40

    var session: SessionID
    /// Random; tells this question from all others.
    var nonce: UInt64
    var instance: UInt64
    /// Counts the instances that the session has lived on.
    var epoch: UInt32
    /// Unix seconds.
    var expires: UInt32
    /// The server's own id as it stood in its message, quotes included.
    var rawID: [UInt8]

    /// Visible ASCII without quotes or backslashes, so that it is a JSON string as it is.
    func seal(_ sealer: Sealer) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(Self.fixedBytes + rawID.count)
        for word in [session.high, session.low, nonce, instance, UInt64(epoch) << 32 | UInt64(expires)] {
            for shift in stride(from: 56, through: 0, by: -8) { plain.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        plain.append(contentsOf: rawID)
        var text: [UInt8] = []
        plain.withUnsafeBytes { sealer.seal($0, context: Self.context) }
            .withUnsafeBytes { Base64URL.encode($0, into: &text) }
        return text
    }

    /// Nil for everything that was not sealed with one of the keys.
    static func open(_ text: UnsafeRawBufferPointer, _ sealer: Sealer) -> QuestionToken? {
        guard let sealed = Base64URL.decode(text),
            let plain = sealed.withUnsafeBytes({ sealer.open($0, context: context) }),
            plain.count > fixedBytes, plain.count <= fixedBytes + rawIDBytesMax
        else { return nil }
        func word(_ start: Int) -> UInt64 { plain[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        return QuestionToken(
            session: SessionID(high: word(0), low: word(8)), nonce: word(16), instance: word(24),
            epoch: UInt32(truncatingIfNeeded: word(32) >> 32), expires: UInt32(truncatingIfNeeded: word(32)),
            rawID: Array(plain[fixedBytes...]))
    }
}
