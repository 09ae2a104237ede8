// Seals what is kept at a broker. Who can read the broker's disk learns nothing from it, and who can write there
// cannot make a record or a log.
public import NIOCore
public import SealedBox

/// Seals and opens what one place at a broker keeps: a stream of JetStream, a database of Redis.
///
/// The name of the place is part of the key and the role part of what is authenticated; the record or log that it
/// belongs to is inside, and whoever opens it compares. Not covered: an older message of the same record or log, put
/// back by somebody who can write to the broker's disk. Belongs to one thread.
public final class StoreSeal {
    /// What sealing adds to a message.
    public static let overhead = Sealer.sealedCount(plaintextCount: 0)

    private let sealer: Sealer
    private let role: StaticString

    /// - Parameters:
    ///   - secrets: of the cluster; the first one seals.
    ///   - broker: what kind of broker it is, in one word.
    ///   - place: its name there.
    ///   - role: what is kept there.
    public init(secrets: [[UInt8]], broker: StaticString, place: String, role: StaticString) throws(SealError) {
        let label = Array("patchbay \(broker) key 1 ".utf8) + Array(place.utf8)
        let keys = secrets.map { secret in
            SealingKey(secret: KeyDerivation.sha256(input: secret, salt: [], label: label, count: 32))
        }
        sealer = try Sealer(keys: keys)
        self.role = role
    }

    public func seal(_ plaintext: ByteBuffer) -> [UInt8] {
        plaintext.withUnsafeReadableBytes { sealer.seal($0, context: role) }
    }

    /// Nil: not sealed by a member for this place.
    public func open(_ sealed: [UInt8]) -> ByteBuffer? {
        sealed.withUnsafeBytes { sealer.open($0, context: role) }.map { ByteBuffer(bytes: $0) }
    }
}
