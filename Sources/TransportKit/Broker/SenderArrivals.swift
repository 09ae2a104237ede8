// How far a receiver is with one sender at one place. Pure data; `PlaceArrivals` moves it.
internal import NIOCore

struct SenderArrivals {
    /// A sender that was asked for its last number, because what has arrived could be old.
    struct Contact {
        var nonce: UInt64
        var askedAt: NIODeadline
        var deadline: NIODeadline
        /// The last number of an earlier subscription, below which everything is old.
        var floor: UInt64?
        /// What has arrived meanwhile, without a hole; empty when only a mark has.
        var held: [BrokerPiece] = []
        var heldBytes = 0
        /// What the sender has answered.
        var answer: (number: UInt64, age: TimeAmount)?

        var lastHeld: UInt64? { held.last?.number }

        /// Everything up to the sender's answer is here.
        var isComplete: Bool {
            guard let answer, let lastHeld else { return false }
            return lastHeld >= answer.number
        }

        /// What is here is not what the sender speaks of.
        var isContradicted: Bool {
            guard let answer, let first = held.first else { return false }
            return answer.number < first.number
        }
    }

    enum Phase {
        /// What has arrived is its newest; this was its last number.
        case met(last: UInt64)
        /// From an earlier subscription. What has come since may have been missed rightly.
        case known(floor: UInt64)
        case contact(Contact)
    }

    var phase: Phase
    var joiner = PieceJoiner()
    /// When something of it came last, as a count of all arrivals.
    var heardAt: UInt64 = 0

    init(_ phase: Phase) { self.phase = phase }
}
