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

    enum Step { case progress, question }
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

    func add(_ call: Call) { calls[call.mark] = call }

    func stream(_ mark: String) -> Stream {
        if let known = streams[mark] { return known }
        let stream = Stream()
        streams[mark] = stream
        return stream
    }
}
