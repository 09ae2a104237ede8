// The sending half of `EnvelopeSeal`.
public import NIOCore
public import SealedBox
public import TransportAPI

/// Seals what one member sends. Belongs to one thread.
public final class EnvelopeSealer {
    /// Messages and bytes under one key, far below the bounds of NIST SP 800-38D.
    static let messagesPerKey: UInt64 = 1 << 24
    static let bytesPerKey = 1 << 36

    private let keys: BrokerKeys
    private let sender: [UInt8]
    private let messagesMax: UInt64
    private var cipher: MessageCipher
    /// Random at first, so that a start with the same incarnation would still have other keys.
    private var stretch: UInt32
    private var counter: UInt64 = 0
    private var bytesLeft: Int

    /// - Parameter secret: the first one of the cluster.
    /// - Throws: ``SealError/cipherUnavailable``.
    public convenience init(member: MemberID, secret: [UInt8]) throws(SealError) {
        try self.init(
            member: member, secret: secret, stretch: UInt32(truncatingIfNeeded: SecureRandom.uint64()),
            messagesPerKey: Self.messagesPerKey)
    }

    init(member: MemberID, secret: [UInt8], stretch: UInt32, messagesPerKey: UInt64) throws(SealError) {
        keys = BrokerKeys(secret: secret)
        sender = member.sealBytes
        messagesMax = messagesPerKey
        bytesLeft = Self.bytesPerKey
        self.stretch = stretch
        cipher = try MessageCipher(key: keys.key(sender: sender, stretch: stretch), .sealing)
    }

    /// What a sealed piece takes besides what it carries.
    public var overhead: Int {
        BrokerFrame.overhead + EnvelopeSeal.fixedCount - 9 + sender.count + MessageCipher.tagCount
    }

    /// Replaces what is in `output` by the sealed frame.
    ///
    /// - Parameter place: where it is sent to; the receiver must name the same.
    /// - Returns: false when OpenSSL failed.
    public func seal(_ frame: BrokerFrame, for place: [UInt8], into output: inout ByteBuffer) -> Bool {
        output.clear()
        output.writeInteger(EnvelopeSeal.version)
        output.writeInteger(keys.id)
        guard renew() else { return false }
        counter &+= 1
        output.writeInteger(stretch)
        output.writeInteger(counter)
        output.writeBytes(sender)
        let headerCount = output.writerIndex
        frame.write(into: &output)
        output.writeRepeatingByte(0, count: MessageCipher.tagCount)
        bytesLeft = max(0, bytesLeft - output.writerIndex)
        return output.withUnsafeMutableReadableBytes { bytes in
            let header = UnsafeRawBufferPointer(rebasing: bytes[..<headerCount])
            let nonce = UnsafeRawBufferPointer(rebasing: header[2..<(2 + MessageCipher.nonceCount)])
            let message = UnsafeMutableRawBufferPointer(rebasing: bytes[headerCount...])
            return place.withUnsafeBytes { cipher.seal(message, nonce: nonce, header: header, label: $0) }
        }
    }

    /// Takes the next key when this one has done its share.
    private func renew() -> Bool {
        guard counter >= messagesMax || bytesLeft == 0 else { return true }
        stretch &+= 1
        guard let next = try? MessageCipher(key: keys.key(sender: sender, stretch: stretch), .sealing) else {
            return false
        }
        cipher = next
        counter = 0
        bytesLeft = Self.bytesPerKey
        return true
    }
}

@available(*, unavailable)
extension EnvelopeSealer: Sendable {}
