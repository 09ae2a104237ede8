// The one message that travels in clear on a link, once in each direction: who speaks, fresh random bytes, and which
// secrets it knows. It proves nothing; the sealed frame after it does.
internal import NIOCore
internal import TransportAPI

struct PeerHello: Equatable {
    static let version: UInt8 = 1
    static let nonceCount = 32
    /// Bytes of an encoded hello at most; a longer announced one ends the link.
    static let bytesMax = 160

    var version = Self.version
    var role: PeerRole
    var member: MemberID
    /// Fresh random bytes. They make the keys of each link new, so nothing recorded from another link fits.
    var nonce: [UInt8]
    /// From the dialler: the secrets that it knows, at most two. From the acceptor: the chosen one, or none.
    var secrets: [UInt64]

    func encode() -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(Self.bytesMax)
        buffer.writeInteger(version)
        buffer.writeInteger(role.rawValue)
        buffer.writeMember(member)
        buffer.writeBytes(nonce)
        buffer.writeInteger(UInt8(clamping: secrets.count))
        for secret in secrets { buffer.writeInteger(secret) }
        return buffer
    }

    /// - Throws: what is wrong with it. A hello of another version is not read further.
    init(_ buffer: ByteBuffer) throws(LinkEnd) {
        var buffer = buffer
        guard let version = buffer.readInteger(as: UInt8.self) else { throw .malformed("an empty hello") }
        guard version == Self.version else { throw .otherVersion(version) }
        guard let role = buffer.readInteger(as: UInt8.self).flatMap(PeerRole.init),
            let member = buffer.readMember(), let nonce = buffer.readBytes(length: Self.nonceCount),
            let count = buffer.readInteger(as: UInt8.self), count <= 2
        else { throw .malformed("a hello that cannot be read") }
        var secrets: [UInt64] = []
        for _ in 0..<count {
            guard let secret = buffer.readInteger(as: UInt64.self) else { throw .malformed("a cut hello") }
            secrets.append(secret)
        }
        guard buffer.readableBytes == 0 else { throw .malformed("bytes behind a hello") }
        self.init(role: role, member: member, nonce: nonce, secrets: secrets)
    }

    init(role: PeerRole, member: MemberID, nonce: [UInt8], secrets: [UInt64]) {
        self.role = role
        self.member = member
        self.nonce = nonce
        self.secrets = secrets
    }
}

extension ByteBuffer {
    mutating func writeMember(_ member: MemberID) {
        writeInteger(member.incarnation)
        writeInteger(UInt8(clamping: member.name.utf8.count))
        writeString(member.name)
    }

    /// Nil, and some bytes less, when there is none.
    mutating func readMember() -> MemberID? {
        guard let incarnation = readInteger(as: UInt64.self), let count = readInteger(as: UInt8.self),
            let name = readString(length: Int(count))
        else { return nil }
        return MemberID(name: name, incarnation: incarnation)
    }
}
