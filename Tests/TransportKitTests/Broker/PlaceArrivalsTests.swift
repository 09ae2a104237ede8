// What arrives from senders: nothing twice, nothing old, and no hole without a word.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Broker: arrivals")
struct PlaceArrivalsTests {
    /// A place whose events are written down.
    private struct Desk {
        var arrivals: PlaceArrivals
        var heard: [String] = []
        var asked: [UInt64] = []
        var lost: [String] = []
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

        init(isInbox: Bool = false, sendersMax: Int = 10, heldCountMax: Int = 100) {
            var nonce: UInt64 = 0
            let limits = ArrivalLimits(
                sendersMax: sendersMax, heldCountMax: heldCountMax, heldBytesMax: 10_000, partialBytesMax: 10_000,
                envelopeBytesMax: 1_000, contactTimeout: .seconds(1))
            arrivals = PlaceArrivals(limits: limits, isInbox: isInbox) {
                nonce += 1
                return nonce
            }
            arrivals.begin(now: now)
        }

        mutating func note(_ body: (inout PlaceArrivals, NIODeadline, (PlaceArrivals.Event) -> Void) -> Void) {
            var events: [PlaceArrivals.Event] = []
            body(&arrivals, now) { events.append($0) }
            for event in events {
                switch event {
                case .envelope(let envelope, _): heard.append(String(buffer: envelope.body))
                case .ask(_, let nonce): asked.append(nonce)
                case .lost(let reason): lost.append(reason)
                }
            }
        }

        mutating func piece(_ number: UInt64, from member: MemberID = PlaceArrivalsTests.sender) {
            let envelope = Envelope(header: ByteBuffer(), body: ByteBuffer(string: "\(number)"))
            for piece in EnvelopePieces(envelope, from: number, bytesMax: 100) {
                note { $0.piece(BrokerPiece(sent: piece), from: member, now: $1, $2) }
            }
        }

        mutating func mark(_ number: UInt64, age: TimeAmount = .hours(1)) {
            note { $0.mark(number, age: age, from: sender, now: $1, $2) }
        }

        mutating func answer(_ number: UInt64, nonce: UInt64? = nil, age: TimeAmount = .zero) {
            let nonce = nonce ?? asked.last ?? 0
            note { $0.answer(nonce: nonce, number: number, age: age, from: sender, now: $1, $2) }
        }

        mutating func pass(_ time: TimeAmount) {
            now = now + time
            note { $0.tick(now: $1, $2) }
        }
    }

    fileprivate static let sender = MemberID.unnamed(1)

    @Test("A sender met for the first time is asked, and heard once everything up to its answer is here")
    func firstContact() {
        var desk = Desk()
        desk.piece(5)
        desk.piece(6)
        #expect(desk.heard.isEmpty)
        #expect(desk.asked == [1])
        desk.answer(7)
        #expect(desk.heard.isEmpty)
        desk.piece(7)
        #expect(desk.heard == ["5", "6", "7"])
        desk.piece(8)
        #expect(desk.heard.last == "8")
        #expect(desk.lost.isEmpty)
        #expect(desk.asked == [1])
    }

    @Test("A recording of a sender that has gone on is not heard, and the end of the subscription says so")
    func recording() {
        var desk = Desk()
        desk.piece(2)
        desk.answer(9)
        desk.pass(.seconds(1))
        #expect(desk.heard.isEmpty)
        #expect(desk.lost.count == 1)
    }

    @Test("A sender that does not answer, or denies, is not heard")
    func noAnswer() {
        var desk = Desk()
        desk.piece(2)
        desk.answer(2, nonce: 77)
        desk.pass(.milliseconds(999))
        #expect(desk.lost.isEmpty)
        desk.pass(.milliseconds(1))
        #expect(desk.heard.isEmpty)
        #expect(desk.lost.count == 1)
        desk.piece(3)
        desk.answer(1)
        #expect(desk.heard.isEmpty)
        #expect(desk.lost.count == 2)
        #expect(!desk.arrivals.hasContacts)
        #expect(desk.arrivals.heldCount == 0)
        #expect(desk.arrivals.heldBytes == 0)
    }

    @Test("What comes again is dropped, what is missing ends the subscription")
    func numbers() {
        var desk = Desk(isInbox: true)
        desk.piece(1)
        desk.piece(2)
        desk.piece(2)
        desk.piece(1)
        #expect(desk.heard == ["1", "2"])
        #expect(desk.arrivals.repeated == 2)
        #expect(desk.lost.isEmpty)
        desk.piece(4)
        #expect(desk.heard == ["1", "2"])
        #expect(desk.lost.count == 1)
    }

    @Test("At one's own inbox a first number of 1 needs no question, any other does")
    func inbox() {
        var desk = Desk(isInbox: true)
        desk.piece(1)
        #expect(desk.heard == ["1"])
        #expect(desk.asked.isEmpty)
        desk.piece(3, from: .unnamed(2))
        #expect(desk.asked == [1])
    }

    @Test("A new subscription goes on where the old one was, and does not hear what was before")
    func again() {
        var desk = Desk(isInbox: true)
        for number: UInt64 in 1...3 { desk.piece(number) }
        desk.arrivals.begin(now: desk.now)
        desk.piece(2)
        desk.piece(3)
        #expect(desk.heard == ["1", "2", "3"])
        desk.piece(4)
        #expect(desk.heard.last == "4")
        desk.arrivals.begin(now: desk.now)
        desk.piece(9)
        #expect(desk.asked == [1])
        desk.answer(9)
        #expect(desk.heard.last == "9")
        #expect(desk.lost.isEmpty)
    }

    @Test("A mark beyond what has come ends the subscription, another one does nothing")
    func marks() {
        var desk = Desk(isInbox: true)
        desk.piece(1)
        desk.mark(1)
        desk.mark(0)
        #expect(desk.lost.isEmpty)
        desk.mark(2)
        #expect(desk.lost.count == 1)
    }

    @Test("A mark of an unknown sender: what it sent after the subscription began was lost, what before was not")
    func marksOfUnknown() {
        for (age, isLost) in [(TimeAmount.seconds(1), true), (.seconds(10), false)] {
            var desk = Desk()
            desk.pass(.seconds(5))
            desk.mark(3)
            #expect(desk.asked == [1])
            desk.answer(3, age: age)
            desk.pass(.seconds(1))
            #expect(desk.lost.isEmpty == !isLost, "\(age)")
            desk.piece(4)
            #expect(desk.heard == ["4"])
        }
    }

    @Test("What follows right behind the answer to a question after a mark is heard, what follows later is not")
    func afterAMark() {
        for (number, isHeard) in [(UInt64(4), true), (5, false)] {
            for answersFirst in [true, false] {
                var desk = Desk()
                desk.pass(.seconds(5))
                desk.mark(3)
                if answersFirst { desk.answer(3, age: .seconds(10)) }
                desk.piece(number)
                if !answersFirst { desk.answer(3, age: .seconds(10)) }
                #expect(desk.heard == (isHeard ? ["4"] : []))
                #expect(desk.lost.isEmpty == isHeard)
            }
        }
        var desk = Desk()
        desk.pass(.seconds(5))
        desk.mark(3)
        desk.piece(4)
        desk.answer(3, age: .seconds(1))
        #expect(desk.heard.isEmpty)
        #expect(desk.lost.count == 1)
    }

    @Test("What was sent before a mark and never came is missed, though all that came behind it is whole")
    func missedBeforeAMark() {
        for (age, isHeard) in [(TimeAmount.seconds(1), false), (.seconds(10), true)] {
            var desk = Desk()
            desk.pass(.seconds(5))
            desk.mark(5, age: age)
            desk.piece(6)
            desk.answer(6, age: .zero)
            #expect(desk.heard == (isHeard ? ["6"] : []), "\(age)")
            #expect(desk.lost.isEmpty == isHeard, "\(age)")
        }
    }

    @Test("Too much of senders that have not answered ends the subscription")
    func heldBound() {
        var desk = Desk(heldCountMax: 3)
        for number: UInt64 in 5...7 { desk.piece(number) }
        #expect(desk.lost.isEmpty)
        desk.piece(8)
        #expect(desk.lost.count == 1)
        #expect(desk.arrivals.heldCount == 0)
    }

    @Test("Of too many senders the one that was silent longest is met anew")
    func sendersBound() {
        var desk = Desk(isInbox: true, sendersMax: 2)
        desk.piece(1, from: .unnamed(1))
        desk.piece(1, from: .unnamed(2))
        desk.piece(2, from: .unnamed(1))
        desk.piece(1, from: .unnamed(3))
        #expect(desk.arrivals.senders.count == 2)
        #expect(desk.arrivals.senders[.unnamed(2)] == nil)
        // An old 1 of a forgotten one is not taken for new.
        #expect(desk.asked == [1])
    }

    @Test("Whatever is lost and repeated, a sender is heard in order and without a hole", arguments: 1...20)
    func random(_ seed: UInt64) {
        var numbers = SeededNumbers(seed: seed)
        var desk = Desk()
        var last: UInt64 = numbers.next() % 5
        var old: [UInt64] = []
        for _ in 0..<300 where desk.lost.isEmpty {
            last += 1
            switch numbers.next() % 100 {
            case 0: break
            case 1...5:
                if !old.isEmpty { desk.piece(old[Int(numbers.next() % UInt64(old.count))]) }
                desk.piece(last)
            default: desk.piece(last)
            }
            old.append(last)
            if !desk.asked.isEmpty, numbers.next() % 3 == 0 { desk.answer(last) }
        }
        let heard = desk.heard.compactMap { UInt64($0) }
        for (one, next) in zip(heard, heard.dropFirst()) { #expect(next == one + 1, "seed \(seed)") }
    }
}

extension BrokerPiece {
    /// As it is when it was sent and read.
    fileprivate init(sent piece: BrokerPiece) {
        var bytes = piece.header
        bytes.writeImmutableBuffer(piece.body)
        self.init(number: piece.number, start: piece.start, isLast: piece.isLast, body: bytes)
    }
}
