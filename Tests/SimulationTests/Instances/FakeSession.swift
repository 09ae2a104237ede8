// One session in a fake instance's memory: its calls, its questions, its GET stream.

import NIOCore
import TransportAPI

final class FakeSession {
    /// One event as it went out, or would have.
    struct Event {
        var id: Int
        var json: String
        var name = "message"
        /// The client must not see it.
        var isHidden = false
    }

    final class Question {
        /// Of the client.
        var answers = 0
        /// Of the gateway, in place of one.
        var errors = 0
        var answeredAt = World.start
        let askedAt: NIODeadline
        let belongsTo: String
        /// No client may see it.
        let isUnreadable: Bool
        /// Gets the reason of an error.
        let answered: (String?) -> Void

        init(
            belongsTo: String, isUnreadable: Bool, askedAt: NIODeadline, answered: @escaping (String?) -> Void
        ) {
            self.belongsTo = belongsTo
            self.isUnreadable = isUnreadable
            self.askedAt = askedAt
            self.answered = answered
        }
    }

    unowned let instance: FakeInstance
    let id: String
    let number: Int
    let mark: String
    let revision: String
    /// What its client has shown when it began. Nobody else gets anything.
    let authorization: [String]
    private(set) var isDead = false
    private var questions: [String: Question] = [:]
    private var asked = 0
    private var calls: [String: FakeCall] = [:]
    private var stream: Wire?
    /// Of the GET stream; kept only by servers that keep events.
    private var events: [Event] = []
    private var place = 0

    init(
        _ instance: FakeInstance, id: String, number: Int, mark: String, revision: String, authorization: [String]
    ) {
        self.instance = instance
        self.id = id
        self.number = number
        self.mark = mark
        self.revision = revision
        self.authorization = authorization
    }

    var world: World { instance.world }
    var ledger: Ledger { instance.ledger }

    func die() {
        isDead = true
        stream?.cut()
        for mark in calls.keys.sorted() { calls[mark]?.wire?.cut() }
        // They hold the session.
        calls = [:]
    }

    // MARK: POST

    func posted(_ wire: Wire) {
        if let own = wire.body.value("mark"), own != mark { world.violated("\(own) has reached the server of \(mark)") }
        guard let method = wire.body.value("method") else { return answered(wire) }
        if method == "ping", let id = wire.body.value("id") {
            let isNumber = wire.body.number("id") != nil
            return wire.json(200, #"{"jsonrpc":"2.0","id":\#(isNumber ? id : "\"\(id)\""),"result":{}}"#)
        }
        guard let rawID = wire.body.number("id") else { return wire.receipt() }
        guard let name = wire.body.value("call"), let call = ledger.calls[name] else {
            return wire.json(400, #"{"jsonrpc":"2.0","id":\#(rawID),"error":{"code":-32602,"message":"Bad"}}"#)
        }
        call.runs += 1
        if let from = call.forbiddenFrom, world.now >= from {
            world.violated("\(name) has run after its session had ended, or for somebody else")
        }
        if call.runs > 1, !call.script.isRead { world.violated("\(name) has run \(call.runs) times") }
        world.note("\(mark): \(name) runs")
        let running = FakeCall(self, call, rawID: rawID, wire)
        calls[name] = running
        running.begin()
    }

    private func answered(_ wire: Wire) {
        wire.receipt()
        guard let rawID = wire.body.value("id"), let question = questions[rawID] else {
            return world.violated("\(mark) got an answer to nothing that it has asked")
        }
        if let belongsTo = wire.body.value("question"), belongsTo != question.belongsTo {
            world.violated("\(mark) got the answer to \(belongsTo) for \(question.belongsTo)")
        }
        let isError = wire.body.has("error")
        if isError { question.errors += 1 } else { question.answers += 1 }
        judge(question, reason: isError ? wire.body.value("reason") ?? "none" : nil)
        world.note("\(mark): \(question.belongsTo) is answered" + (isError ? " with an error" : ""))
        guard question.answers + question.errors > 1 else {
            question.answeredAt = world.now
            return question.answered(wire.body.value("reason"))
        }
        // Whoever takes the stream up again may hear it once more, and say the same.
        if question.isUnreadable { return }
        // Nodes tell each other of answers, which takes a moment and may fail.
        let isTwice = ledger.answeredTwice.contains(question.belongsTo) && question.answers == 2
        let mayBeLate = instance.mayAnswerLate || world.now - question.answeredAt <= .milliseconds(200)
        if !mayBeLate || question.answers > 1 && !isTwice {
            world.violated("\(question.belongsTo) got \(question.answers) answers and \(question.errors) errors")
        }
        world.count(isTwice ? "answered twice" : "error and answer")
    }

    /// - Parameter reason: of an error; nil for an answer.
    private func judge(_ question: Question, reason: String?) {
        if question.isUnreadable, reason != "unreadable" {
            world.violated("\(question.belongsTo) cannot be read, and was answered all the same: \(reason ?? "-")")
        }
        // Whoever else may have answered meanwhile: what the gateway has taken from the session's client has to arrive.
        if instance.isReliable, reason == "timed_out", question.answers == 0,
            let sent = ledger.receipted[question.belongsTo], sent - question.askedAt < .seconds(3)
        {
            world.violated("\(question.belongsTo) timed out, though its client holds a receipt for an answer")
        }
    }

    /// Returns the id of a new question.
    func ask(
        _ belongsTo: String, isUnreadable: Bool = false, _ answered: @escaping (String?) -> Void
    ) -> String {
        asked += 1
        // Ids of both kinds, and the same ones in every session, as SDKs count.
        let name = asked % 2 == 0 ? "q\(asked)" : "\(asked)"
        questions[name] = Question(
            belongsTo: belongsTo, isUnreadable: isUnreadable, askedAt: world.now, answered: answered)
        return asked % 2 == 0 ? "\"\(name)\"" : name
    }

    // MARK: GET

    func listen(_ wire: Wire) {
        if instance.keepsEvents, let last = wire.lastEventID, let cut = last.lastIndex(of: "_"),
            let after = Int(last[last.index(after: cut)...])
        {
            let name = String(last[..<cut])
            if name == "get" { return open(wire, after: after) }
            guard let call = calls[name] else { return wire.json(400, "{}") }
            return call.continueOn(wire, after: after)
        }
        open(wire, after: nil)
    }

    private func open(_ wire: Wire, after: Int?) {
        if let stream, stream.isOpen {
            return wire.json(409, #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Only one stream"}}"#)
        }
        stream = wire
        world.note("\(mark): its GET stream is opened" + (after.map { " after \($0)" } ?? ""))
        wire.begin(200, .eventStream)
        guard let after else { return }
        for event in events where event.id > after { write(event) }
    }

    /// Says something to nobody in particular.
    /// - Parameter isHealed: the faults are over, and it must be heard.
    func say(isHealed: Bool = false) {
        guard instance.keepsEvents || stream?.isOpen == true else { return }
        place += 1
        if isHealed, isHeard { ledger.stream(mark).saidSinceHealing = place }
        let odd = isHealed ? nil : oddEvent()
        let event = odd ?? Event(id: place, json: Payload.message(mark: mark, place: place))
        if instance.keepsEvents { events.append(event) }
        write(event)
        if world.random.chance(instance.breakPercent) { breakStream() }
    }

    /// What a hostile server says now and then in place of a message.
    private func oddEvent() -> Event? {
        guard instance.isHostile, world.random.chance(20), let oddity = world.random.pick(Oddity.ofSessions)
        else { return nil }
        let isHidden = oddity == .deepQuestion
        let id = isHidden ? ask("\(mark)/get/\(place)", isUnreadable: true) { _ in } : ""
        return Event(
            id: place, json: oddity.text(mark: mark, call: "get", place: place, id: id), name: oddity.eventName,
            isHidden: isHidden)
    }

    var isHeard: Bool { stream?.isOpen == true }

    func breakStream() { stream?.cut() }

    func breakCall() {
        let running = calls.values.filter { $0.wire?.isOpen == true }.sorted { $0.name < $1.name }
        world.random.pick(running)?.wire?.cut()
    }

    private func write(_ event: Event) {
        guard let stream, stream.isOpen else { return }
        let ledger = ledger.stream(mark)
        if !event.isHidden, ledger.written.last.map({ $0 < event.id }) ?? true { ledger.written.append(event.id) }
        stream.send(text(event, of: "get"))
    }

    func comment() { if let stream, stream.isOpen { stream.send(": ping\n\n") } }

    func text(_ event: Event, of stream: String) -> String {
        let end = world.random.chance(50) ? "\n" : "\r\n"
        let id = instance.keepsEvents ? "id: \(stream)_\(event.id)\(end)" : ""
        return "event: \(event.name)\(end)\(id)data: \(event.json)\(end)\(end)"
    }
}
