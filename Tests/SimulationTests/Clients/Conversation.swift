// One session as its client lives it: what it sends, the calls that it waits for, its GET stream. It knows only what
// it was told over its connections.

import NIOCore

final class Conversation {
    enum State {
        case live
        /// The client has ended it, and was told so.
        case deleted
        /// The client has asked for its end and does not know.
        case leaving
        /// A node has said that there is no such session.
        case gone
    }

    unowned let client: SimulatedClient
    let mark: String
    let token: String
    let revision: String
    private(set) var state = State.live
    private(set) var calls: [ClientCall] = []
    private(set) var stream: ClientStream?
    private(set) var lastUse: NIODeadline
    /// The id of what its server has asked last, as the client has it.
    var lastQuestion: String?
    /// Kept until they are over.
    private var receipts: [Receipt] = []
    private var made = 0
    private var endedAt: NIODeadline
    private var deletingNode: SimulatedNode?

    init(_ client: SimulatedClient, mark: String, token: String, revision: String) {
        self.client = client
        self.mark = mark
        self.token = token
        self.revision = revision
        lastUse = client.world.now
        endedAt = client.world.now
    }

    var world: World { client.world }
    var isLive: Bool { if case .live = state { true } else { false } }
    /// A node has said so.
    var isDeleted: Bool { if case .deleted = state { true } else { false } }

    /// It wants to hear what its server says.
    var isListening: Bool { isLive && stream?.isWanted == true }

    /// It has heard what its server has said last since the faults are over, or has ended.
    var hearsAll: Bool {
        guard isListening, let stream else { return true }
        guard let last = client.ledger.stream(mark).saidSinceHealing else { return false }
        return stream.isOpen && stream.hasHeard(last)
    }

    /// A node has said that it has ended, and has lived on to tell others.
    var mustBeUnknown: Bool { isDeleted && deletingNode?.isUp != false }

    var openReceipts: Int { receipts.count { $0.isOpen } }

    // MARK: Sending

    func send(
        _ verb: String, _ body: String = "", at node: SimulatedNode? = nil, lastEventID: String? = nil,
        as own: String? = nil, _ name: String, _ reader: any AnswerReader
    ) -> ClientConnection {
        let node = node ?? client.simulation.anyNode()
        var headers = [
            ("Mcp-Session-Id", token), ("MCP-Protocol-Version", revision), ("x-client", own ?? client.name),
        ]
        headers += client.simulation.credentials(of: own ?? client.name)
        if let lastEventID { headers.append(("Last-Event-ID", lastEventID)) }
        if own == nil { lastUse = world.now }
        world.note("\(name) \(verb) at node \(node.place)" + (lastEventID == nil ? "" : " with an event id"))
        return node.send(verb, headers: headers, body: body, "\(name) \(verb)", reader)
    }

    private func send(
        _ verb: String, _ body: String, at node: SimulatedNode? = nil, as own: String? = nil, _ name: String,
        then done: @escaping (Receipt.Outcome) -> Void
    ) {
        _ = send(verb, body, at: node, as: own, name, receipt(done))
    }

    /// For an answer that must come, and that belongs to this session.
    func receipt(_ done: @escaping (Receipt.Outcome) -> Void) -> Receipt {
        let receipt = Receipt(world) { [self] outcome in
            if case .answered(_, let fields) = outcome, let own = fields.value("mark") {
                world.expect(own == mark, "\(mark) hears what belongs to \(own)")
            }
            done(outcome)
        }
        receipts.removeAll { !$0.isOpen }
        receipts.append(receipt)
        return receipt
    }

    // MARK: What a client does

    func call(_ script: CallScript) {
        made += 1
        let name = "\(mark).\(made)"
        client.ledger.add(Ledger.Call(mark: name, script: script))
        let call = ClientCall(self, id: made + 1, name: name, script: script)
        calls.append(call)
        call.post()
    }

    func notify(_ method: String = "notifications/roots/list_changed") {
        send("POST", Payload.note(method, mark: mark), "\(mark) \(method)") { [self] outcome in
            guard case .answered(let status, _) = outcome, !isToldGone(status) else { return }
            world.expect(status == 202, "\(mark): a notification was answered with \(status)")
        }
    }

    func answer(_ id: String, _ question: String) {
        let isTwice = client.simulation.scenario.answersTwice && world.random.chance(20)
        if isTwice { client.ledger.answeredTwice.insert(question) }
        for _ in 0..<(isTwice ? 2 : 1) {
            let range = world.random.chance(10) ? 3_500...4_500 : 5...1_000
            world.after(world.random.milliseconds(range)) { [self] in
                guard isLive else { return }
                let body = Payload.answer(id, mark: mark, question: question)
                let sent = world.now
                send("POST", body, "\(mark) answers \(question)") { [self] outcome in
                    guard case .answered(let status, _) = outcome, !isToldGone(status), !mayBeUnasked(status)
                    else { return }
                    world.expect(status == 202, "\(mark): the answer to \(question) was refused with \(status)")
                    client.ledger.noteReceipt(of: question, sent: sent)
                }
            }
        }
    }

    func listen() {
        let stream = stream ?? ClientStream(self)
        self.stream = stream
        stream.open()
    }

    func delete() {
        guard isLive else { return }
        state = .leaving
        sendDelete()
    }

    private func sendDelete() {
        endedAt = world.now
        let node = client.simulation.anyNode()
        deletingNode = node
        send("DELETE", "", at: node, "\(mark)") { [self] outcome in
            guard case .answered(let status, _) = outcome else { return }
            if mayBeUnasked(status) { return deleteLater() }
            world.expect(status == 200 || status == 404, "\(mark): DELETE was answered with \(status)")
            state = .deleted
            endedAt = world.now
            for _ in 0..<world.random.below(3) {
                world.after(world.random.milliseconds(1...2_000)) { [self] in haunt() }
            }
        }
    }

    /// Nothing was done.
    private func deleteLater() {
        world.after(.milliseconds(500)) { [self] in
            if !client.simulation.isHealed { sendDelete() }
        }
    }

    // MARK: What must fail

    /// Uses the session after its end.
    func haunt(at node: SimulatedNode? = nil, mustFail: Bool = false) {
        intrude(at: node, as: nil, "haunts") { [self] status, _ in
            if mustFail { world.expect(status == 404, "\(mark) has ended, and is answered with \(status)") }
        }
    }

    /// Somebody else uses the session's id.
    func trespass(as other: String) {
        intrude(at: nil, as: other, "is used by \(other)") { [self] status, fields in
            // There it is the instances that know who is a stranger.
            if client.simulation.scenario.hostileClients { return expectNothing(status, fields, "\(other) in \(mark)") }
            world.expect(status == 404, "\(mark) was used by \(other), who got \(status)")
        }
    }

    /// Comes back with a place in a stream that is another session's.
    func borrow(_ eventID: String, of other: String) {
        let receipt = receipt { [self] outcome in
            guard case .answered(let status, _) = outcome, !isToldGone(status) else { return }
            world.expect(
                status == 400 || mayBeUnasked(status), "\(mark) came with an event id of \(other), and got \(status)")
        }
        _ = send("GET", lastEventID: eventID, "\(mark) with an event id of \(other)", receipt)
    }

    private func intrude(
        at node: SimulatedNode?, as other: String?, _ what: String, _ body: @escaping (Int, Fields) -> Void
    ) {
        made += 1
        let name = "\(mark).ghost\(made)"
        // A node that was killed may have told nobody else of the end.
        let endedFrom: NIODeadline? = endedAt + client.simulation.scenario.endTakes
        let from = other == nil ? endedFrom : world.now
        client.ledger.add(Ledger.Call(mark: name, script: CallScript(isJSON: true), forbiddenFrom: from))
        let text = Payload.call(made + 1, method: "tools/call", mark: mark, call: name)
        send("POST", text, at: node, as: other, "\(mark) \(what)") { outcome in
            if case .answered(let status, let fields) = outcome { body(status, fields) }
        }
    }

    // MARK: What it is told

    /// Notes that a node does not know the session, and whether that can be true.
    func isToldGone(_ status: Int) -> Bool {
        guard status == 404 else { return false }
        guard isLive else { return true }
        world.note("\(mark) is told that it is gone")
        state = .gone
        endedAt = world.now
        let idle = client.simulation.scenario.waits.sessionIdle
        world.expect(
            client.simulation.mayBeGone(mark) || world.now - lastUse > idle - .seconds(5),
            "\(mark) lives, and its client was told that it does not")
        return true
    }
}
