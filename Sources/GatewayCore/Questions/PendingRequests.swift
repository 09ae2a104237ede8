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
        /// Header lines of that exchange that the server may ask for with an answer. Kept in memory only.
        var credentials = ByteBuffer()
    }

    private var questions: [UInt64: Question] = [:]
    /// Nonces by session, so that a session's cap and a server's withdrawal cost a short walk.
    private var sessions: [SessionID: [UInt64]] = [:]

    var count: Int { questions.count }

    func count(of session: SessionID) -> Int { sessions[session]?.count ?? 0 }

    mutating func insert(_ question: Question) {
        questions[question.nonce] = question
        sessions[question.session.id, default: []].append(question.nonce)
    }

    /// Takes a question out: answered, or over in another way.
    @discardableResult
    mutating func remove(_ nonce: UInt64) -> Question? {
        guard let question = questions.removeValue(forKey: nonce) else { return nil }
        let id = question.session.id
        sessions[id]?.removeAll { $0 == nonce }
        if sessions[id]?.isEmpty == true { sessions[id] = nil }
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

    /// Takes out what nobody has answered in time, and what belongs to sessions that have ended.
    mutating func removeExpired(now: NIODeadline) -> [Question] {
        let over = questions.values.filter { $0.deadline <= now || $0.session.hasEnded }
        for question in over { remove(question.nonce) }
        return over.sorted { $0.nonce < $1.nonce }
    }
}
