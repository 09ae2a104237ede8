// Seals what members send through a broker that they need not trust: it can drop and delay, and nothing else. The
// receiver learns who sealed; the place that it was sent to is part of what is authenticated.
internal import NIOCore
internal import SealedBox
internal import TransportAPI

/// What a sealed message begins with, in clear.
enum EnvelopeSeal {
    static let version: UInt8 = 1
    /// Version, key id, nonce, incarnation, length of the name.
    static let fixedCount = 1 + 1 + MessageCipher.nonceCount + 8 + 1
    static let headerCountMax = fixedCount + MemberID.nameBytesMax
    static let overheadMax = headerCountMax + MessageCipher.tagCount
}

/// The keys that come from one secret of the cluster.
struct BrokerKeys {
    /// In clear in front of each message. Tells which of two secrets, and nothing about it.
    let id: UInt8
    private let root: [UInt8]

    /// - Parameter secret: not empty, hard to guess.
    init(secret: [UInt8]) {
        root = KeyDerivation.sha256(
            input: secret, salt: [], label: Array("patchbay broker key 1".utf8), count: MessageCipher.keyCount)
        id = KeyDerivation.sha256(input: root, salt: [], label: Array("patchbay broker key id 1".utf8), count: 1)[0]
    }

    /// The key of one sender for one stretch of its messages. Senders and stretches never share one, so that each may
    /// count its nonces by itself.
    func key(sender: [UInt8], stretch: UInt32) -> [UInt8] {
        var label = Array("patchbay broker sender 1".utf8)
        label += sender
        for shift in stride(from: 24, through: 0, by: -8) { label.append(UInt8(truncatingIfNeeded: stretch >> shift)) }
        return KeyDerivation.sha256(input: root, salt: [], label: label, count: MessageCipher.keyCount)
    }
}

extension MemberID {
    /// Incarnation, length of the name, name.
    var sealBytes: [UInt8] {
        var bytes: [UInt8] = []
        for shift in stride(from: 56, through: 0, by: -8) {
            bytes.append(UInt8(truncatingIfNeeded: incarnation >> shift))
        }
        bytes.append(UInt8(clamping: name.utf8.count))
        return bytes + Array(name.utf8)
    }
}
