// What members seal for each other through a broker: who can open it, and where.
import NIOCore
import SealedBox
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Broker: seals")
struct EnvelopeSealTests {
    private static let secret = [UInt8](repeating: 7, count: 32)
    private static let other = [UInt8](repeating: 8, count: 32)
    private let member = MemberID.unnamed(0x0123_4567_89AB_CDEF)
    private let place = Array("patchbay.all".utf8)
    private let frame = BrokerFrame.piece(
        BrokerPiece(
            number: 5, start: BrokerPiece.Start(headerCount: 2, total: 6), isLast: true,
            body: ByteBuffer(string: "hebody")))

    private func seal(_ frame: BrokerFrame, secret: [UInt8] = secret) throws -> [UInt8] {
        let sealer = try EnvelopeSealer(member: member, secret: secret)
        var output = ByteBuffer()
        #expect(sealer.seal(frame, for: place, into: &output))
        return Array(output.readableBytesView)
    }

    private func open(
        _ bytes: [UInt8], at place: [UInt8]? = nil, secrets: [[UInt8]] = [secret]
    ) -> (sender: MemberID, frame: BrokerFrame)? {
        let opener = EnvelopeOpener(secrets: secrets, sendersMax: 4)
        return bytes.withUnsafeBytes { opener.open($0, at: place ?? self.place) }
    }

    @Test("What a member seals is opened as what it was, from whom it was")
    func opens() throws {
        for frame in [
            frame, .mark(number: .max, age: .seconds(1)), .question(nonce: 3, place: place),
            .answer(nonce: 4, place: place, number: 9, age: .milliseconds(5)),
        ] {
            let opened = try #require(open(seal(frame)))
            #expect(opened.sender == member)
            #expect(opened.frame == frame)
        }
    }

    @Test("Another place, another secret, or any changed or missing byte: nothing is opened")
    func refuses() throws {
        let sealed = try seal(frame)
        #expect(open(sealed, at: Array("patchbay.al".utf8)) == nil)
        #expect(open(sealed, secrets: [Self.other]) == nil)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(open(changed) == nil, "byte \(index)")
            #expect(open(Array(sealed[..<index])) == nil, "cut at \(index)")
        }
        #expect(open(sealed + [0]) == nil)
    }

    @Test("While the secret is being rotated, what either one has sealed is opened")
    func rotation() throws {
        for secret in [Self.secret, Self.other] {
            #expect(try open(seal(frame, secret: secret), secrets: [Self.other, Self.secret]) != nil)
        }
    }

    @Test("No two messages are sealed alike, and a new stretch has another key")
    func stretches() throws {
        let sealer = try EnvelopeSealer(member: member, secret: Self.secret, stretch: .max, messagesPerKey: 2)
        let opener = EnvelopeOpener(secrets: [Self.secret], sendersMax: 1)
        var seen: Set<[UInt8]> = []
        var output = ByteBuffer()
        for _ in 0..<7 {
            #expect(sealer.seal(frame, for: place, into: &output))
            let bytes = Array(output.readableBytesView)
            #expect(seen.insert(Array(bytes[2..<14])).inserted, "a nonce came twice")
            #expect(bytes.withUnsafeBytes { opener.open($0, at: place) }?.frame == frame)
        }
    }

    @Test("The overhead is exact")
    func overhead() throws {
        let sealer = try EnvelopeSealer(member: member, secret: Self.secret)
        var output = ByteBuffer()
        #expect(sealer.seal(frame, for: place, into: &output))
        #expect(output.readableBytes == 6 + sealer.overhead)
    }

    @Test("More senders than are kept are opened all the same")
    func manySenders() throws {
        let opener = EnvelopeOpener(secrets: [Self.secret], sendersMax: 2)
        for round in 0..<10 {
            let member = MemberID.unnamed(UInt64(round % 5))
            let sealer = try EnvelopeSealer(member: member, secret: Self.secret)
            var output = ByteBuffer()
            #expect(sealer.seal(frame, for: place, into: &output))
            let opened = output.withUnsafeReadableBytes { opener.open($0, at: place) }
            #expect(opened?.sender == member)
        }
    }

    @Test("Random bytes are refused")
    func garbage() {
        var numbers = SeededNumbers(seed: 5)
        let opener = EnvelopeOpener(secrets: [Self.secret], sendersMax: 4)
        for _ in 0..<2_000 {
            var bytes = (0..<Int(numbers.next() % 160)).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
            if !bytes.isEmpty { bytes[0] = 1 }
            #expect(bytes.withUnsafeBytes { opener.open($0, at: place) } == nil)
        }
    }
}
