// A call as its client waits for it: over one connection or several, each event once and in order, until it ends once.

import NIOCore

final class ClientCall: AnswerReader {
    enum Outcome: Equatable {
        case open
        case result
        /// An explicit error, by its reason.
        case error(String)
        /// The connection was cut before the client had an id to come back with.
        case cut
        case gone
    }

    unowned let conversation: Conversation
    let id: Int
    let name: String
    let script: CallScript
    private(set) var outcome = Outcome.open
    private(set) var connection: ClientConnection?
    private var status = 0
    private var isEvents = false
    private var json: [UInt8] = []
    private var events = EventReader()
    private(set) var lastEventID: String?
    private var received = 0
    /// Responses to this call that have come, its errors included.
    private var answers = 0
    private(set) var attempts = 0

    init(_ conversation: Conversation, id: Int, name: String, script: CallScript) {
        self.conversation = conversation
        self.id = id
        self.name = name
        self.script = script
    }

    private var world: World { conversation.world }

    /// What its server knows of it.
    private var run: Ledger.Call? { conversation.client.ledger.calls[name] }

    func post() {
        let method = script.isRead ? "tools/list" : "tools/call"
        let extra = script.isLarge ? Payload.large : ""
        let body = Payload.call(id, method: method, mark: conversation.mark, call: name, extra: extra)
        connection = conversation.send("POST", body, name, self)
    }

    /// The client's connection breaks.
    func cut() {
        guard let connection, !connection.isDone else { return }
        world.note("\(name) loses its connection")
        connection.leave()
        interrupted()
    }

    func stall() { connection?.stall(for: world.random.milliseconds(200...5_000)) }

    // MARK: What comes

    func began(_ connection: ClientConnection, status: Int, lines: String) {
        self.status = status
        isEvents = lines.contains("text/event-stream")
        json = []
        events = EventReader()
    }

    func arrived(_ connection: ClientConnection, _ bytes: [UInt8]) {
        guard isEvents else { return json += bytes }
        events.feed(bytes) { take($0) }
    }

    func ended(_ connection: ClientConnection) {
        if isEvents { return interrupted() }
        if conversation.isToldGone(status) { return finish(.gone) }
        let fields = Fields(json)
        if fields.has("result") || fields.has("error"), attempts == 0 { return takeResponse(fields) }
        world.expect(attempts > 0, "\(name) was answered with \(status) and no message")
        world.expect(status != 400, "\(name): its own event id was called bad")
        world.expect(status != 401, "\(name): its own credentials were refused")
        interrupted()
    }

    func wasCut(_ connection: ClientConnection) { interrupted() }

    /// The connection is gone before the call has ended, or behind its end.
    private func interrupted() {
        guard outcome == .open else { return }
        guard lastEventID != nil else { return finish(.cut) }
        attempts += 1
        world.expect(attempts < 200, "\(name) never ends")
        let isLate = conversation.client.simulation.isHealed
        world.after(world.random.milliseconds(isLate ? 200...600 : 1...1_500)) { [self] in
            guard outcome == .open else { return }
            guard conversation.isLive else { return finish(.gone) }
            connection = conversation.send("GET", lastEventID: lastEventID, name, self)
        }
    }

    private func take(_ event: EventReader.Event) {
        if let id = event.id { lastEventID = id }
        guard !event.text.isEmpty else { return }
        guard outcome == .open else { return world.violated("\(name) hears something behind its end") }
        let fields = Fields(event.text)
        if let mark = fields.value("mark") {
            world.expect(mark == conversation.mark, "\(name) hears what belongs to \(mark)")
            world.expect(fields.value("call") == name, "\(name) hears what belongs to \(fields.value("call") ?? "-")")
        }
        // A client makes nothing of what is no message, and of responses to what it has not asked.
        let isStray = fields.number("place").map { run?.strays.contains($0) == true } ?? false
        if isStray || event.text.first != UInt8(ascii: "{") { return takePlace(fields) }
        guard let method = fields.value("method") else { return takeResponse(fields) }
        switch method {
        case "notifications/progress": takePlace(fields)
        case "elicitation/create":
            takePlace(fields)
            guard let id = fields.value("id") else { return world.violated("\(name): a question without an id") }
            conversation.lastQuestion = id
            if !world.random.chance(8) { conversation.answer(id, "\(name)/\(received)") }
        case "notifications/cancelled": break
        default: world.violated("\(name) hears \(method)")
        }
    }

    private func takePlace(_ fields: Fields) {
        let place = fields.number("place") ?? -1
        let refused = run?.refused ?? []
        let isNext = place > received && (received + 1..<place).allSatisfy { refused.contains($0) }
        world.expect(isNext, "\(name) hears event \(place) after event \(received)")
        world.expect(run?.hidden.contains(place) != true, "\(name) hears event \(place), which cannot be read")
        received = place
    }

    private func takeResponse(_ fields: Fields) {
        answers += 1
        world.expect(fields.number("id") == id, "\(name) was answered with the id \(fields.value("id") ?? "-")")
        if fields.has("result") {
            takePlace(fields)
            finish(.result)
        } else {
            finish(.error(fields.value("reason") ?? "none"))
        }
    }

    private func finish(_ outcome: Outcome) {
        guard self.outcome == .open else { return world.violated("\(name) has ended twice: \(outcome)") }
        self.outcome = outcome
        world.note("\(name) ends: \(outcome)")
        switch outcome {
        case .error(let reason): world.count("error " + reason)
        case .result: world.count(attempts > 0 ? "result after a resume" : "result")
        default: world.count("\(outcome)")
        }
    }

    /// Errors which say that nothing was run.
    private static let notRun = ["not_delivered", "too_many_calls", "too_many_bytes", "no_instance"]

    /// What its server says of it, once all is over.
    func judge(_ run: Ledger.Call?) {
        guard let run else { return }
        world.expect(outcome != .open, "\(name) has not ended")
        var isAnswered = outcome == .result
        if case .error = outcome { isAnswered = true }
        world.expect(answers == (isAnswered ? 1 : 0), "\(name) has ended with \(answers) responses: \(outcome)")
        if outcome == .result { world.expect(run.hasResult, "\(name) has a result that its server never gave") }
        if case .error(let reason) = outcome, Self.notRun.contains(reason) {
            world.expect(run.runs == 0, "\(name) is said not to have run (\(reason)), and has")
        }
        if case .error(let reason) = outcome, script.isJSON || lastEventID == nil || !script.isRead {
            world.expect(reason != "none", "\(name) ended with an error without a reason")
        }
    }
}
