// The receiving half of `EnvelopeSeal`.
internal import NIOCore
internal import SealedBox
public import TransportAPI

/// Opens what members have sealed. Belongs to one thread, or stands behind one lock.
public final class EnvelopeOpener {
    /// What is kept of a sender, once something of it was authentic.
    private struct Sender {
        var member: MemberID
        var bytes: [UInt8]
        var keyID: UInt8
        var stretch: UInt32
        var cipher: MessageCipher
    }

    private let keys: [BrokerKeys]
    private let sendersMax: Int
    private var senders: [UInt64: Sender] = [:]

    /// - Parameters:
    ///   - secrets: of the cluster, one or two.
    ///   - sendersMax: how many senders' keys are kept ready. Beyond: all are made anew.
    public init(secrets: [[UInt8]], sendersMax: Int) {
        keys = secrets.map { BrokerKeys(secret: $0) }
        self.sendersMax = sendersMax
    }

    /// - Parameter place: where it arrived.
    /// - Returns: nil unless a member sealed it for that place. Safe on any bytes.
    public func open(_ sealed: UnsafeRawBufferPointer, at place: [UInt8]) -> (sender: MemberID, frame: BrokerFrame)? {
        let nonceEnd = 2 + MessageCipher.nonceCount
        guard sealed.count >= EnvelopeSeal.fixedCount + MessageCipher.tagCount, sealed[0] == EnvelopeSeal.version else {
            return nil
        }
        let headerCount = EnvelopeSeal.fixedCount + Int(sealed[EnvelopeSeal.fixedCount - 1])
        guard headerCount <= EnvelopeSeal.headerCountMax, sealed.count >= headerCount + MessageCipher.tagCount else {
            return nil
        }
        let header = UnsafeRawBufferPointer(rebasing: sealed[..<headerCount])
        let senderBytes = UnsafeRawBufferPointer(rebasing: header[nonceEnd...])
        let incarnation = senderBytes.loadUnaligned(as: UInt64.self).bigEndian
        let stretch = header.loadUnaligned(fromByteOffset: 2, as: UInt32.self).bigEndian
        if let known = senders[incarnation], known.keyID == header[1], known.stretch == stretch,
            known.bytes.count == senderBytes.count, known.bytes.elementsEqual(senderBytes)
        {
            return decrypt(sealed, header, place, known.cipher).map { (known.member, $0) }
        }
        return openFirst(sealed, header, senderBytes, stretch, place)
    }

    /// A sender that is not known, or has taken another key.
    private func openFirst(
        _ sealed: UnsafeRawBufferPointer, _ header: UnsafeRawBufferPointer, _ senderBytes: UnsafeRawBufferPointer,
        _ stretch: UInt32, _ place: [UInt8]
    ) -> (sender: MemberID, frame: BrokerFrame)? {
        let incarnation = senderBytes.loadUnaligned(as: UInt64.self).bigEndian
        let name = String(decoding: senderBytes[9...], as: UTF8.self)
        guard let member = MemberID(name: name, incarnation: incarnation) else { return nil }
        let bytes = Array(senderBytes)
        for key in keys where key.id == header[1] {
            guard let cipher = try? MessageCipher(key: key.key(sender: bytes, stretch: stretch), .opening),
                let frame = decrypt(sealed, header, place, cipher)
            else { continue }
            if senders.count >= sendersMax { senders = [:] }
            senders[incarnation] = Sender(
                member: member, bytes: bytes, keyID: key.id, stretch: stretch, cipher: cipher)
            return (member, frame)
        }
        return nil
    }

    private func decrypt(
        _ sealed: UnsafeRawBufferPointer, _ header: UnsafeRawBufferPointer, _ place: [UInt8], _ cipher: MessageCipher
    ) -> BrokerFrame? {
        let nonce = UnsafeRawBufferPointer(rebasing: header[2..<(2 + MessageCipher.nonceCount)])
        let text = UnsafeRawBufferPointer(rebasing: sealed[header.count...])
        let count = text.count - MessageCipher.tagCount
        var plaintext = ByteBufferAllocator().buffer(capacity: count)
        var isAuthentic = false
        plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { output in
            let room = UnsafeMutableRawBufferPointer(rebasing: output[..<count])
            isAuthentic = place.withUnsafeBytes {
                cipher.open(text, nonce: nonce, header: header, label: $0, into: room)
            }
            return isAuthentic ? count : 0
        }
        return isAuthentic ? BrokerFrame(plaintext) : nil
    }
}

@available(*, unavailable)
extension EnvelopeOpener: Sendable {}
