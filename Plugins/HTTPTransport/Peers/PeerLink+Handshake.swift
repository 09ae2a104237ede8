// How a link comes to be: upgrade, hellos, proof; then frames go to the network one by one.
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

extension PeerLink {
    /// Reads the next thing off the buffer.
    /// - Returns: false when more bytes are needed, or none are wanted.
    func step() throws(LinkEnd) -> Bool {
        switch phase {
        case .requestHead(var reader): return try readRequest(&reader)
        case .responseHead(var reader): return try readResponse(&reader)
        case .hello: return try readHello()
        case .confirm: return try readConfirm()
        case .open: return try readFrame()
        case .ended: return false
        }
    }

    private func readRequest(_ reader: inout RequestHeadReader) throws(LinkEnd) -> Bool {
        let (head, refusal) = buffer.withUnsafeReadableBytes { bytes -> (RequestHead?, PeerHeads.Refusal?) in
            do throws(HeadError) {
                guard let head = try reader.read(bytes) else { return (nil, nil) }
                return (head, PeerHeads.refusal(head, bytes))
            } catch {
                return (nil, PeerHeads.Refusal(status: error.status, reason: error.reason))
            }
        }
        if let refusal {
            end(.notAPeer(refusal.reason), saying: ByteBuffer(string: PeerHeads.answer(refusal)))
            return false
        }
        guard let head else {
            phase = .requestHead(reader)
            return false
        }
        buffer.moveReaderIndex(forwardBy: head.byteCount)
        write(text: PeerHeads.accepted)
        phase = .hello
        network.advanced(self, to: .hello)
        return true
    }

    private func readResponse(_ reader: inout ResponseHeadReader) throws(LinkEnd) -> Bool {
        let result = buffer.withUnsafeReadableBytes { bytes -> Result<(ResponseHead, Bool)?, LinkEnd> in
            do throws(HeadError) {
                return .success(try reader.read(bytes).map { ($0, PeerHeads.isConsent($0, bytes)) })
            } catch {
                return .failure(.malformed("no HTTP answer to the upgrade: \(error.reason)"))
            }
        }
        guard let (head, isConsent) = try result.get() else {
            phase = .responseHead(reader)
            return false
        }
        guard isConsent else { throw .refusedUpgrade(head.status) }
        buffer.moveReaderIndex(forwardBy: head.byteCount)
        if let handshake { writePlain(handshake.ownHello) }
        phase = .hello
        return true
    }

    private func readHello() throws(LinkEnd) -> Bool {
        guard let length = try FrameSeal.length(buffer, bytesMax: PeerHello.bytesMax),
            buffer.readableBytes >= FrameSeal.prefixCount + length
        else { return false }
        buffer.moveReaderIndex(forwardBy: FrameSeal.prefixCount)
        guard let hello = buffer.readSlice(length: length) else { return false }
        if let handshake {
            (remote, seal) = try handshake.complete(hello)
        } else {
            let (remote, answer, seal) = try PeerHandshake.accept(
                hello, as: network.hello(offering: false), secrets: network.secrets)
            self.remote = remote
            self.seal = seal
            guard seal != nil else {
                end(.wrongSecret, saying: Self.framed(answer))
                return false
            }
            writePlain(answer)
            try writeConfirm()
        }
        phase = .confirm
        network.advanced(self, to: .proof)
        return true
    }

    private func readConfirm() throws(LinkEnd) -> Bool {
        guard let seal, let plaintext = try seal.open(&buffer, bytesMax: Self.confirmBytesMax) else { return false }
        guard case .confirm = try PeerFrame(plaintext) else { throw .malformed("no proof where one belongs") }
        if let refusal = network.admit(self) { throw refusal }
        if side != .accepted { try writeConfirm() }
        network.opened(self, open())
        return true
    }

    private func readFrame() throws(LinkEnd) -> Bool {
        guard let seal, let plaintext = try seal.open(&buffer, bytesMax: network.options.frameBytesMax) else {
            return false
        }
        let frame = try PeerFrame(plaintext)
        if !isReady {
            becomeReady()
            network.ready(self)
        }
        try network.received(frame, self)
        return !isEnded
    }

    private func writePlain(_ hello: ByteBuffer) { write(Self.framed(hello)) }

    private static func framed(_ hello: ByteBuffer) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.writeInteger(UInt32(clamping: hello.readableBytes))
        bytes.writeImmutableBuffer(hello)
        return bytes
    }

    private func writeConfirm() throws(LinkEnd) {
        var bytes = ByteBuffer()
        try seal?.seal(into: &bytes) { PeerFrame.confirm.encode(into: &$0) }
        write(bytes)
    }
}
