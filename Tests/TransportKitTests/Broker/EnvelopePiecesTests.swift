// Envelopes in pieces: cut at any size and joined again, and what happens to pieces that do not fit.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Broker: pieces")
struct EnvelopePiecesTests {
    private func sent(_ piece: BrokerPiece) throws -> BrokerPiece {
        var buffer = ByteBuffer()
        BrokerFrame.piece(piece).write(into: &buffer)
        guard case .piece(let read)? = BrokerFrame(buffer) else { throw CancellationError() }
        return read
    }

    private func envelope(_ header: Int, _ body: Int) -> Envelope {
        Envelope(
            header: ByteBuffer(bytes: (0..<header).map { UInt8(truncatingIfNeeded: $0) }),
            body: ByteBuffer(bytes: (0..<body).map { UInt8(truncatingIfNeeded: $0 &* 7) }))
    }

    @Test("Cut at any size and joined, an envelope is what it was", arguments: [1, 2, 3, 7, 16, 64, 1_000])
    func roundTrip(_ size: Int) throws {
        for header in [0, 1, 3, 16, 17] {
            for body in [0, 1, 15, 16, 40] {
                let whole = envelope(header, body)
                var joiner = PieceJoiner()
                var outcomes: [PieceJoiner.Outcome] = []
                for (index, piece) in EnvelopePieces(whole, from: 9, bytesMax: size).enumerated() {
                    #expect(piece.number == UInt64(9 + index))
                    #expect(piece.count <= size)
                    outcomes.append(joiner.add(try sent(piece), bytesMax: 100))
                }
                #expect(outcomes.last == .envelope(whole))
                #expect(outcomes.dropLast().allSatisfy { $0 == .partial })
                #expect(outcomes.count == max(1, (header + body + size - 1) / size))
                #expect(joiner.bytes == 0)
            }
        }
    }

    @Test("Pieces of an envelope that began before the sender was met are left out")
    func beganBefore() throws {
        var joiner = PieceJoiner()
        let pieces = Array(EnvelopePieces(envelope(0, 10), from: 1, bytesMax: 4))
        #expect(joiner.add(try sent(pieces[1]), bytesMax: 100) == .partial)
        #expect(joiner.add(try sent(pieces[2]), bytesMax: 100) == .partial)
        let next = try #require(Array(EnvelopePieces(envelope(1, 2), from: 4, bytesMax: 4)).first)
        #expect(joiner.add(try sent(next), bytesMax: 100) == .envelope(envelope(1, 2)))
    }

    @Test("Too large a whole, a second beginning, more or fewer bytes than announced: garbled")
    func garbled() throws {
        let pieces = try Array(EnvelopePieces(envelope(0, 10), from: 1, bytesMax: 4)).map { try sent($0) }
        var joiner = PieceJoiner()
        #expect(joiner.add(pieces[0], bytesMax: 9) == .garbled)
        joiner = PieceJoiner()
        #expect(joiner.add(pieces[0], bytesMax: 100) == .partial)
        #expect(joiner.add(pieces[0], bytesMax: 100) == .garbled)
        joiner = PieceJoiner()
        #expect(joiner.add(pieces[0], bytesMax: 100) == .partial)
        #expect(joiner.add(pieces[2], bytesMax: 100) == .garbled)
        joiner = PieceJoiner()
        for piece in [pieces[0], pieces[1]] { #expect(joiner.add(piece, bytesMax: 100) == .partial) }
        #expect(joiner.add(pieces[1], bytesMax: 100) == .garbled)
    }

    @Test("Any prefix of a frame's bytes is refused or is a frame, and never a crash")
    func prefixes() {
        let frames: [BrokerFrame] = [
            .mark(number: 1, age: .zero), .question(nonce: 1, place: [1, 2]),
            .answer(nonce: 1, place: [1], number: 2, age: .zero),
            .piece(Array(EnvelopePieces(envelope(3, 3), from: 1, bytesMax: 10))[0]),
        ]
        for frame in frames {
            var buffer = ByteBuffer()
            frame.write(into: &buffer)
            let whole = buffer.readableBytes
            for count in 0..<min(9, whole) { #expect(BrokerFrame(buffer.getSlice(at: 0, length: count)!) == nil) }
        }
        #expect(BrokerFrame(ByteBuffer(bytes: [9] + [UInt8](repeating: 0, count: 20))) == nil)
    }
}
