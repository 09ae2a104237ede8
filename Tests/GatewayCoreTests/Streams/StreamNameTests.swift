// Names and positions of streams as clients hold them: read back exactly, and never read out of anything else.

import NIOCore
import SealedBox
import Testing

@testable import GatewayCore

@Suite struct StreamNameTests {
    private let sealer: Sealer
    private let id = SessionID(high: 0x0123_4567_89AB_CDEF, low: 42)

    init() throws { sealer = try Sealer(keys: [SealedBoxKey.own]) }

    private func open(_ text: [UInt8]) -> EventID? { text.withUnsafeBytes { EventID.open($0, sealer) } }

    private func text(_ name: StreamName, request: String = "7", number: UInt64) -> [UInt8] {
        let seal = EventID.seal(id, host: 9, sealer)
        let line = Array(request.utf8).withUnsafeBytes { EventID.linePrefix(seal: seal, name, request: $0) }
        return Array(line.dropFirst(4)) + Array("\(number)".utf8)
    }

    @Test(arguments: [UInt8(0), 1, 127, 128, 200, 255]) func survivesItsPackedAndItsWrittenForm(loop: UInt8) throws {
        for (slot, stamp) in [(UInt32(0), UInt32(1)), (0xFF_FFFF, .max), (77, 1 << 31)] {
            let name = StreamName(kind: .session, loop: loop, slot: slot, stamp: stamp)
            #expect(StreamName.unpack(name.packed) == name)
            let opened = try #require(open(text(name, number: .max)))
            #expect(opened.stream == name)
            #expect(opened.number == .max)
            #expect(opened.session == id)
            #expect(opened.host == 9)
            #expect(opened.request == Array("7".utf8))
        }
        #expect(StreamName.unpack(0) == nil)
    }

    @Test func readsNoHostileNumber() {
        let name = StreamName(kind: .call, loop: 0, slot: 1, stamp: 1)
        let prefix = text(name, number: 0).dropLast()
        for number in ["", "18446744073709551616", "99999999999999999999", "000", "01", "-1", "+1", " 1", "1 ", "1e3"] {
            #expect(open(prefix + Array(number.utf8)) == nil, "\(number)")
        }
        #expect(open(prefix + Array("18446744073709551615".utf8))?.number == .max)
    }

    /// It is written into the error that tells of a lost call, so it must be an id and nothing more.
    @Test func carriesNothingButIDsOfRequests() {
        let name = StreamName(kind: .call, loop: 0, slot: 1, stamp: 1)
        for request in ["", "7", "123456", #""a""#, #""7""#, #""a\u0062""#, "-1"] {
            #expect(open(text(name, request: request, number: 0))?.request == Array(request.utf8), "\(request)")
        }
        for request in [
            "{}", "[1]", "null", "true", #""a"#, #"a""#, "1,", "1}", "1 ", " 1", "007", "\"a\nb\"", "1\n\ndata: x",
            #""a","result":{}"#, #"1,"id":2"#,
        ] {
            #expect(open(text(name, request: request, number: 0)) == nil, "\(request)")
        }
    }

    /// What a client changes may name another stream or number of the same session, never another session or host.
    @Test(arguments: [1, 2, 3] as [UInt64]) func leavesTheSealedPartAlone(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let whole = text(StreamName(kind: .call, loop: 3, slot: 5, stamp: 8), request: #""abc""#, number: 12)
        let seal = whole.prefix { $0 != UInt8(ascii: ".") }
        for _ in 0..<3000 {
            var changed = whole
            let place = Int.random(in: 0..<changed.count, using: &random)
            switch Int.random(in: 0..<3, using: &random) {
            case 0: changed[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: changed.remove(at: place)
            default: changed.insert(UInt8.random(in: 0...255, using: &random), at: place)
            }
            guard let opened = open(changed) else { continue }
            #expect(changed.starts(with: seal) && opened.session == id && opened.host == 9, "seed \(seed)")
        }
    }

    @Test func isOfItsOwnKindOfSeal() {
        let question = QuestionToken(
            session: id, nonce: 1, instance: 2, epoch: 0, expires: .max, rawID: Array("1".utf8))
        let sealed = question.seal(sealer)
        #expect(open(sealed + Array(".c1..1".utf8)) == nil)
        let event = EventID.seal(id, host: 9, sealer)
        #expect(event.withUnsafeBytes { QuestionToken.open($0, sealer) } == nil)
        #expect(event.withUnsafeBytes { SessionToken.open($0, sealer) } == nil)
        #expect(sealed.withUnsafeBytes { QuestionToken.open($0, sealer) } == question)
        for place in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[place] ^= 1 << UInt8(bit)
                #expect(changed.withUnsafeBytes { QuestionToken.open($0, sealer) } == nil)
            }
        }
    }

    @Test(arguments: [4, 5, 6] as [UInt64]) func keepsTheNewestEvents(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var ring = EventRing()
        var all: [Int] = []
        for _ in 0..<500 {
            let size = Int.random(in: 1...40, using: &random)
            ring.append(ByteBuffer(repeating: 0x61, count: size), eventsMax: 20, bytesMax: 300)
            all.append(size)
            let kept = Array(all.suffix(ring.count))
            #expect(ring.next == UInt64(all.count) + 1)
            #expect(ring.count == 1 || ring.count <= 20 && ring.bytes <= 300)
            #expect(ring.bytes == kept.reduce(0, +))
            let position = UInt64.random(in: 0...UInt64(all.count + 2), using: &random)
            let found = ring.events(after: position)?.map(\.readableBytes)
            let isKept = position < ring.next && position + 1 >= ring.first
            #expect(found == (isKept ? Array(all.dropFirst(Int(position))) : nil), "seed \(seed)")
        }
        #expect(ring.events(after: .max) == nil)
        #expect(ring.events(after: .max - 1) == nil)
    }
}
