// A call that runs in a fake instance, step by step as its script says, whether or not anybody listens.

import NIOCore
import TransportAPI

final class FakeCall {
    private let session: FakeSession
    private let call: Ledger.Call
    private let rawID: Int
    private(set) var wire: Wire?
    private var events: [FakeSession.Event] = []
    private var steps: ArraySlice<CallScript.Step>
    private var place = 0
    /// It says nothing more.
    private var hasEnded = false

    init(_ session: FakeSession, _ call: Ledger.Call, rawID: Int, _ wire: Wire) {
        self.session = session
        self.call = call
        self.rawID = rawID
        self.wire = wire
        steps = call.script.steps[...]
    }

    private var world: World { session.world }

    var name: String { call.mark }

    func begin() {
        if !call.script.isJSON { wire?.begin(200, .eventStream) }
        next()
    }

    private func next() {
        let pause = world.random.chance(10) ? 500...2_500 : 1...200
        world.after(world.random.milliseconds(pause)) { [self] in
            guard !session.isDead else { return }
            guard let step = steps.popFirst() else { return finish() }
            place += 1
            switch step {
            case .progress:
                say(Payload.progress(mark: session.mark, call: call.mark, place: place))
                next()
            case .question:
                let place = place
                let id = session.ask("\(call.mark)/\(place)") { [weak self] reason in
                    if reason == "too_many_questions" { self?.call.refused.insert(place) }
                    self?.next()
                }
                say(Payload.question(id, mark: session.mark, call: call.mark, place: place))
            case .odd(.deepQuestion): askTooDeep()
            case .odd(let oddity):
                if oddity.isResponse { call.strays.insert(place) }
                say(
                    oddity.text(mark: session.mark, call: call.mark, place: place, id: "\(rawID)"),
                    name: oddity.eventName)
                next()
            }
            if world.random.chance(session.instance.breakPercent) { wire?.cut() }
        }
    }

    /// The gateway tells the server that it cannot carry it.
    private func askTooDeep() {
        let place = place
        let name = "\(call.mark)/\(place)"
        call.hidden.insert(place)
        let id = session.ask(name, isUnreadable: true) { [weak self] _ in
            guard let self else { return }
            call.refused.insert(place)
            session.ledger.unread[name] = nil
            next()
        }
        if wire?.isOpen == true { session.ledger.unread[name] = (session.mark, world.now) }
        say(Oddity.deepQuestion.text(mark: session.mark, call: call.mark, place: place, id: id))
    }

    private func finish() {
        if call.script.hangs { return }
        hasEnded = true
        if call.script.endsUnanswered {
            world.note("\(session.mark): \(call.mark) ends without a response")
            wire?.end()
            return
        }
        place += 1
        let extra = call.script.hasDeepResult ? Payload.deep : ""
        let result = Payload.result("\(rawID)", mark: session.mark, call: call.mark, place: place, extra: extra)
        call.hasResult = true
        if call.script.isJSON {
            wire?.json(200, result)
            return
        }
        say(result)
        wire?.end()
    }

    private func say(_ json: String, name: String = "message") {
        let event = FakeSession.Event(id: place, json: json, name: name)
        call.said = max(call.said, place)
        if session.instance.keepsEvents { events.append(event) }
        write(event)
    }

    private func write(_ event: FakeSession.Event) {
        guard let wire, wire.isOpen else { return }
        let text = session.text(event, of: call.mark)
        guard text.utf8.count > Payload.largeBytes || world.random.chance(20) else { return wire.send(text) }
        // In two reads.
        let bytes = Array(text.utf8)
        let cut = world.random.below(bytes.count)
        wire.send(String(decoding: bytes[..<cut], as: UTF8.self))
        wire.send(String(decoding: bytes[cut...], as: UTF8.self))
    }

    /// The node has lost the stream, and asks for the rest.
    func continueOn(_ wire: Wire, after: Int) {
        self.wire?.end()
        self.wire = wire
        world.note("\(session.mark): \(call.mark) goes on after \(after)")
        wire.begin(200, .eventStream)
        for event in events where event.id > after { write(event) }
        if call.hasResult || hasEnded { wire.end() }
    }
}
