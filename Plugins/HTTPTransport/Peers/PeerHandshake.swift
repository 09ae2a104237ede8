// How two members prove to each other that they know the shared secret, without sending it: both derive the keys of
// this one link from the secret and from both hellos, and each opens a frame that only the other can have sealed.
// Pure: bytes in, bytes and keys out.
internal import NIOCore
internal import SealedBox

/// A shared secret as links use it.
struct PeerSecret: Sendable {
    /// Says which secret is meant and nothing about it.
    let id: UInt64
    fileprivate let bytes: [UInt8]

    init(_ secret: [UInt8]) {
        bytes = secret
        let label = Array("patchbay peer secret id 1".utf8)
        id = KeyDerivation.sha256(input: secret, salt: [], label: label, count: 8)
            .reduce(0) { $0 &<< 8 | UInt64($1) }
    }
}

/// One end's part of the handshake.
struct PeerHandshake {
    enum Side { case dialler, acceptor }

    private let side: Side
    private let own: ByteBuffer
    private let secrets: [PeerSecret]

    /// - Parameter hello: what the dialler says. The acceptor's is made when the dialler's is known.
    init(dialler hello: PeerHello, secrets: [PeerSecret]) {
        side = .dialler
        own = hello.encode()
        self.secrets = secrets
    }

    private init(acceptor hello: PeerHello, secrets: [PeerSecret]) {
        side = .acceptor
        own = hello.encode()
        self.secrets = secrets
    }

    var ownHello: ByteBuffer { own }

    /// The acceptor's turn: what it answers, and the seal of the link, or nil when it knows none of the secrets. Then
    /// the answer says so and the link ends.
    static func accept(
        _ hello: ByteBuffer, as own: PeerHello, secrets: [PeerSecret]
    ) throws(LinkEnd) -> (remote: PeerHello, answer: ByteBuffer, seal: FrameSeal?) {
        let remote = try PeerHello(hello)
        let offered = remote.secrets.lazy.compactMap { id in secrets.first { $0.id == id } }
        var own = own
        own.secrets = offered.first.map { [$0.id] } ?? []
        let handshake = PeerHandshake(acceptor: own, secrets: secrets)
        let answer = handshake.ownHello
        guard let secret = offered.first else { return (remote, answer, nil) }
        return (remote, answer, try handshake.seal(secret, dialler: hello, acceptor: answer))
    }

    /// The dialler's turn, with the acceptor's hello.
    func complete(_ hello: ByteBuffer) throws(LinkEnd) -> (remote: PeerHello, seal: FrameSeal) {
        let remote = try PeerHello(hello)
        guard let id = remote.secrets.first, remote.secrets.count == 1,
            let secret = secrets.first(where: { $0.id == id })
        else { throw .wrongSecret }
        return (remote, try seal(secret, dialler: own, acceptor: hello))
    }

    /// Everything that either end said goes into the keys, so an altered hello gives keys that do not fit.
    private func seal(
        _ secret: PeerSecret, dialler: ByteBuffer, acceptor: ByteBuffer
    ) throws(LinkEnd) -> FrameSeal {
        var transcript = ByteBuffer()
        for hello in [dialler, acceptor] {
            transcript.writeInteger(UInt32(clamping: hello.readableBytes))
            transcript.writeImmutableBuffer(hello)
        }
        let salt = transcript.withUnsafeReadableBytes { Digest.sha256($0) }
        func key(_ label: String) -> [UInt8] {
            KeyDerivation.sha256(
                input: secret.bytes, salt: salt, label: Array(label.utf8), count: FrameCipher.keyCount)
        }
        let outward = key("patchbay peer link 1 from dialler")
        let back = key("patchbay peer link 1 from acceptor")
        do {
            return side == .dialler
                ? try FrameSeal(sealing: outward, opening: back) : try FrameSeal(sealing: back, opening: outward)
        } catch {
            throw .broken("\(error)")
        }
    }
}
