// Seals what is kept at the server. Who can read the server's disk learns nothing from it, and who can write there
// cannot make a record or a log. Belongs to one call thread.
internal import NIOCore
internal import SealedBox

/// Seals and opens what one JetStream stream keeps.
///
/// The name of the stream is part of the key and the role part of what is authenticated; the record or log that it
/// belongs to is inside, and whoever opens it compares. Not covered: an older message of the same record or log, put
/// back by somebody who can write to the server's disk.
final class StoreSeal {
    /// What sealing adds to a message.
    static let overhead = Sealer.sealedCount(plaintextCount: 0)

    private let sealer: Sealer
    private let role: StaticString

    /// - Parameters:
    ///   - secrets: of the cluster; the first one seals.
    ///   - stream: the name of the JetStream stream.
    ///   - role: what is kept there.
    init(secrets: [[UInt8]], stream: String, role: StaticString) throws(SealError) {
        let label = Array("patchbay jetstream key 1 ".utf8) + Array(stream.utf8)
        let keys = secrets.map { secret in
            SealingKey(secret: KeyDerivation.sha256(input: secret, salt: [], label: label, count: 32))
        }
        sealer = try Sealer(keys: keys)
        self.role = role
    }

    func seal(_ plaintext: ByteBuffer) -> [UInt8] {
        plaintext.withUnsafeReadableBytes { sealer.seal($0, context: role) }
    }

    /// Nil: not sealed by a member for this stream.
    func open(_ sealed: [UInt8]) -> ByteBuffer? {
        sealed.withUnsafeBytes { sealer.open($0, context: role) }.map { ByteBuffer(bytes: $0) }
    }
}
