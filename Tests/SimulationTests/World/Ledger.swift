// What the fake instances know to be true: what they were asked, how often, and what they have said. Verdicts compare
// it with what the clients have seen.

import NIOCore

/// What a call does at its server.
struct CallScript {
    var isRead = false
    var isJSON = false
    /// What comes before the result.
    var steps: [Step] = []
    /// The result never comes.
    var hangs = false
    /// Its stream ends without a response.
    var endsUnanswered = false
    /// The result is nested deeper than a gateway reads.
    var hasDeepResult = false
    /// Its request is so large that it counts who keeps it.
    var isLarge = false

    enum Step {
        case progress, question
        case odd(Oddity)
    }
}

final class Ledger {
    final class Call {
        let mark: String
        let script: CallScript
        /// From when on it must not run: its client has ended the session, or is somebody else.
        let forbiddenFrom: NIODeadline?
        var runs = 0
        /// Events that the server has said, the result included.
        var said = 0
        var hasResult = false
        /// Places of questions that the gateway has refused to pass on.
        var refused: Set<Int> = []
        /// Places of what no client may see.
        var hidden: Set<Int> = []
        /// Places of responses that are not the one to this call.
        var strays: Set<Int> = []

        init(mark: String, script: CallScript, forbiddenFrom: NIODeadline? = nil) {
            self.mark = mark
            self.script = script
            self.forbiddenFrom = forbiddenFrom
        }
    }

    /// What the server of a session has written to its GET streams, in order.
    final class Stream {
        var written: [Int] = []
        /// The newest message that must come through.
        var saidSinceHealing: Int?
    }

    private(set) var calls: [String: Call] = [:]
    private(set) var streams: [String: Stream] = [:]

    /// Questions to which the client gives two answers, perhaps to two nodes at once.
    var answeredTwice: Set<String> = []
    /// Answers that their clients hold a receipt for, and when they were sent first.
    private(set) var receipted: [String: NIODeadline] = [:]
    /// Questions that the gateway could not read, and has not yet told their servers so, since when.
    var unread: [String: (mark: String, since: NIODeadline)] = [:]

    func add(_ call: Call) { calls[call.mark] = call }

    func noteReceipt(of question: String, sent: NIODeadline) {
        receipted[question] = min(sent, receipted[question] ?? sent)
    }

    func stream(_ mark: String) -> Stream {
        if let known = streams[mark] { return known }
        let stream = Stream()
        streams[mark] = stream
        return stream
    }
}
