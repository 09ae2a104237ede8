// The key that session ids and other tokens are sealed with. Made once at start-up from the configured secret, or at
// random when a node runs alone; a `Sealer` per event loop takes it. It does not judge how strong a secret is.

/// A 256-bit AES key with its one-byte id.
///
/// The same secret gives the same key and id on every node, so that nodes agree without more configuration.
public struct SealingKey: Sendable, CustomDebugStringConvertible {
    /// One byte derived from the key, carried in clear by everything sealed with it. It tells nothing about the key.
    public let id: UInt8
    let bytes: [UInt8]

    /// Derives a key from a configured secret: HKDF-SHA-256 (RFC 5869) without salt and with a fixed label.
    ///
    /// - Parameter secret: The secret's bytes, not empty. HKDF does not stretch: the secret itself must be hard to
    ///   guess, so configuration refuses short ones before they get here. An empty secret traps.
    public init(secret: some Sequence<UInt8>) {
        let input = Array(secret)
        precondition(!input.isEmpty, "an empty secret would give a key that everyone knows")
        self.init(
            rawKey: KeyDerivation.sha256(input: input, label: "patchbay sealing key 1", count: AES256GCM.keyCount))
    }

    private init(rawKey: [UInt8]) {
        bytes = rawKey
        id = KeyDerivation.sha256(input: rawKey, label: "patchbay sealing key id 1", count: 1)[0]
    }

    /// A fresh random key. What it seals can be opened only by this node and only until it stops.
    public static func random() -> SealingKey {
        SealingKey(rawKey: SecureRandom.bytes(AES256GCM.keyCount))
    }

    /// Shows the id and never the key, so that a key in a log line does no harm.
    public var debugDescription: String { "SealingKey(id: \(id))" }
}
