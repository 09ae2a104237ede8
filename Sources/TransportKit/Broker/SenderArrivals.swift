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
        /// It was a mark that led to the question, and no piece: the answer may be older than what is held.
        var isByMark = false
        /// The highest number that the sender has told of by itself before anything was held, if that was used since
        /// this place is heard: whatever is behind it cannot come first.
        var missedUpTo: UInt64?
        /// What has arrived meanwhile, without a hole.
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

        /// What is here begins right behind the sender's answer.
        var followsAnswer: Bool {
            guard isByMark, let answer, let first = held.first else { return false }
            return answer.number < first.number && first.number - answer.number == 1
        }

        /// The sender's last number was used after this time, as far as its answer tells. That the question took a
        /// moment to get there errs towards earlier.
        func answerIsAfter(_ time: NIODeadline) -> Bool {
            guard let answer else { return false }
            return answer.number > floor ?? 0 && askedAt - answer.age > time
        }

        /// Something before what is here did not arrive.
        var hasMissed: Bool {
            guard let missedUpTo, let first = held.first else { return false }
            return first.number > missedUpTo
        }

        /// What is here is not what the sender speaks of.
        var isContradicted: Bool {
            guard let answer, let first = held.first else { return false }
            return answer.number < first.number && !followsAnswer
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
