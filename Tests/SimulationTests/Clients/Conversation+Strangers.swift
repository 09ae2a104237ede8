// What strangers do who have seen a session's id and what goes over its streams, but cannot show what its client shows.
// Instances check that in these scenarios, so nothing of the session may come of it.

import NIOCore

extension Conversation {
    /// Who shows nothing at all.
    static let nobody = "nobody"

    /// - Parameters:
    ///   - stranger: whose credentials are shown.
    ///   - own: a session of the stranger's own.
    func suffer(_ stranger: String, with own: Conversation) {
        switch world.random.below(6) {
        case 0: intrude("GET", as: stranger)
        case 1:
            let ids = calls.compactMap(\.lastEventID) + [stream?.lastEventID].compactMap { $0 }
            if let id = world.random.pick(ids) { intrude("GET", lastEventID: id, as: stranger) }
        case 2: intrude("DELETE", as: stranger)
        case 3: trespass(as: stranger)
        case 4:
            guard let lastQuestion else { return }
            let body = Payload.answer(lastQuestion, mark: mark, question: "a stranger's")
            intrude("POST", body, as: stranger)
        default: if let lastQuestion { own.misplace(lastQuestion, of: mark) }
        }
    }

    /// Uses the session's id, and perhaps one of its event ids.
    private func intrude(_ verb: String, _ body: String = "", lastEventID: String? = nil, as stranger: String) {
        let name = "\(mark)'s \(verb) by \(stranger)" + (lastEventID == nil ? "" : " with an event id")
        let receipt = receipt { [self] outcome in
            guard case .answered(let status, let fields) = outcome else { return }
            // The receipt of an answer tells nobody anything.
            if verb != "POST" || status != 202 { expectNothing(status, fields, name) }
            world.count("stranger's \(verb) \(status)")
        }
        // A stream that began would have no end to wait for.
        receipt.statusCame = { [world] status in
            world.expect(verb == "POST" || status >= 400, "\(name) is served with \(status)")
        }
        _ = send(verb, body, lastEventID: lastEventID, as: stranger, name, receipt)
    }

    /// A stranger is refused. That a call could not be brought to its instance is said with 200 in a living session.
    func expectNothing(_ status: Int, _ fields: Fields, _ name: String) {
        world.expect(status >= 400 || status == 200 && fields.has("error"), "\(name) was answered with \(status)")
        world.expect(!fields.has("mark") && !fields.has("result"), "\(name) got something of the session")
    }

    /// Answers in this session what was asked in another one.
    func misplace(_ question: String, of other: String) {
        let name = "\(mark) answers what \(other) was asked"
        let receipt = receipt { [self] outcome in
            guard case .answered(let status, _) = outcome, !isToldGone(status) else { return }
            world.expect(status == 400 || mayBeUnasked(status), "\(name), and got \(status)")
            world.count("misplaced answer \(status)")
        }
        _ = send("POST", Payload.answer(question, mark: mark, question: "of \(other)"), name, receipt)
    }

    /// Where instances are asked first whether they accept somebody, they may be out of reach.
    func mayBeUnasked(_ status: Int) -> Bool { client.simulation.scenario.hostileClients && status >= 500 }
}
