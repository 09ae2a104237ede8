// The questions that servers have asked through one event loop and that nobody has answered yet. Pure: time and ids
// come in, what is to be done goes out. An answer finds its way by the question's sealed id, not by this table; the
// table makes that no server waits for ever, and bounds what may be asked.
internal import NIOCore

/// Unanswered questions of servers to clients.
struct PendingRequests {
    struct Question {
        let nonce: UInt64
        let session: Session
        /// The server's own id, raw.
        let rawID: [UInt8]
        /// What the client knows it by.
        let token: [UInt8]
        var deadline: NIODeadline
        /// The exchange on whose stream it was asked.
        let exchange: UInt64
        /// An answer was on its way at the deadline.
        var isPostponed = false
    }

    /// When to look at a question. It may be answered by then.
    private struct Alarm {
        let nonce: UInt64
        let deadline: NIODeadline
    }

    private var questions: [UInt64: Question] = [:]
    /// All wait for the same time, so that the order of asking is that of their deadlines; those that were postponed
    /// wait for another.
    private var alarms = CircularBuffer<Alarm>()
    private var postponed = CircularBuffer<Alarm>()
    private var owners: [Owner: Int] = [:]
    /// Nonces by session, so that a session's cap and a server's withdrawal cost a short walk.
    private var sessions: [SessionID: [UInt64]] = [:]

    var count: Int { questions.count }

    func count(of session: SessionID) -> Int { sessions[session]?.count ?? 0 }

    func count(of owner: Owner) -> Int { owners[owner] ?? 0 }

    mutating func insert(_ question: Question) {
        questions[question.nonce] = question
        sessions[question.session.id, default: []].append(question.nonce)
        owners[question.session.owner, default: 0] += 1
        let alarm = Alarm(nonce: question.nonce, deadline: question.deadline)
        if question.isPostponed { postponed.append(alarm) } else { alarms.append(alarm) }
    }

    /// Takes a question out: answered, or over in another way.
    @discardableResult
    mutating func remove(_ nonce: UInt64) -> Question? {
        guard let question = questions.removeValue(forKey: nonce) else { return nil }
        let id = question.session.id
        sessions[id]?.removeAll { $0 == nonce }
        if sessions[id]?.isEmpty == true { sessions[id] = nil }
        let left = (owners[question.session.owner] ?? 1) - 1
        owners[question.session.owner] = left > 0 ? left : nil
        return question
    }

    /// The question that the server knows by this id.
    func find(_ session: SessionID, rawID: UnsafeRawBufferPointer) -> Question? {
        sessions[session]?.lazy.compactMap { questions[$0] }.first { $0.rawID.elementsEqual(rawID) }
    }

    /// Takes out every question that was asked on this exchange.
    mutating func removeAll(of exchange: UInt64, _ session: SessionID) {
        for nonce in sessions[session] ?? [] where questions[nonce]?.exchange == exchange { remove(nonce) }
    }

    /// Takes out what nobody has answered in time.
    /// - Parameter most: how many at once. Beyond: the next ones at the next call.
    mutating func removeExpired(now: NIODeadline, atMost most: Int) -> [Question] {
        var over: [Question] = []
        while over.count < most, let first = alarms.first, first.deadline <= now {
            alarms.removeFirst()
            if let question = remove(first.nonce) { over.append(question) }
        }
        while over.count < most, let first = postponed.first, first.deadline <= now {
            postponed.removeFirst()
            if let question = remove(first.nonce) { over.append(question) }
        }
        return over
    }

    /// Takes out what belongs to sessions that have ended: nobody waits for it.
    mutating func removeEnded() {
        for question in questions.values where question.session.hasEnded { remove(question.nonce) }
        // What was answered long before its deadline must not stay until then.
        if alarms.count > 2 * questions.count + Self.alarmsMin {
            alarms = CircularBuffer(alarms.filter { questions[$0.nonce] != nil })
        }
    }

    /// Fewer alarms than this are never swept.
    private static let alarmsMin = 1_024
}
