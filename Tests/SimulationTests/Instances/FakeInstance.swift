// An MCP server as the SDKs make them: sessions by id in its memory, one GET stream each, answers as JSON or as events.
// Those that keep events give them ids, and continue a stream after an id.

import NIOCore
import TransportAPI

final class FakeInstance {
    let world: World
    let ledger: Ledger
    let place: Int
    let keepsEvents: Bool
    private(set) var isUp = true
    /// Counts its starts; what an earlier one knew is gone.
    private(set) var start = 1
    private var sessions: [String: FakeSession] = [:]
    private var made = 0
    /// Of a hundred requests and of a hundred events: how many break their connection.
    var breakPercent = 0
    /// Notes between nodes may be lost: then one node may give up a question that was answered at another.
    var mayAnswerLate = false
    /// It says more than it should.
    var isHostile = false
    /// Nothing on the way to it or from it is lost.
    var isReliable = false
    /// Marks of sessions that it has lost or ended: whoever asks for them is rightly told 404.
    private(set) var gone: Set<String> = []

    init(_ world: World, _ ledger: Ledger, place: Int, keepsEvents: Bool) {
        self.world = world
        self.ledger = ledger
        self.place = place
        self.keepsEvents = keepsEvents
    }

    var begun: Int { made }

    var liveSessions: [FakeSession] { sessions.values.sorted { $0.number < $1.number } }

    func session(marked mark: String) -> FakeSession? { liveSessions.last { $0.mark == mark } }

    // MARK: Faults

    func crash() {
        guard isUp else { return }
        world.note("instance \(place) crashes")
        isUp = false
        let lost = liveSessions
        sessions = [:]
        for session in lost {
            gone.insert(session.mark)
            session.die()
        }
    }

    func restart() {
        guard !isUp else { return }
        isUp = true
        start += 1
        world.note("instance \(place) is up again")
    }

    // MARK: Requests

    func arrived(_ wire: Wire) {
        guard isUp else { return wire.cut(.refused, .notDelivered) }
        // Cut before the request was read whole: then it is as if it had not come.
        if wire.isOver, wire.verb == .post, world.random.chance(50) { return }
        if world.random.chance(breakPercent) { return wire.cut() }
        let session = wire.session.flatMap { sessions[$0] }
        if let session, session.authorization != wire.authorization {
            world.note("instance \(place) refuses a stranger in \(session.mark)")
            world.count(wire.authorization.isEmpty ? "\(wire.verb) without credentials" : "\(wire.verb) of a stranger")
            return wire.json(401, #"{"jsonrpc":"2.0","id":null,"error":{"code":-32001,"message":"Who are you?"}}"#)
        }
        switch wire.verb {
        case .post:
            if wire.session == nil { return initialize(wire) }
            guard let session else { return wire.json(404, notFound) }
            session.posted(wire)
        case .get:
            guard let session else { return wire.json(404, notFound) }
            session.listen(wire)
        case .delete:
            guard let session else { return wire.json(404, notFound) }
            world.note("instance \(place) ends \(session.mark)")
            sessions[session.id] = nil
            gone.insert(session.mark)
            session.die()
            wire.receipt(200)
        }
    }

    private let notFound = #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Session not found"}}"#

    private func initialize(_ wire: Wire) {
        guard wire.body.value("method") == "initialize", let mark = wire.body.value("mark"),
            let revision = wire.body.value("protocolVersion")
        else { return wire.json(400, #"{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"Bad"}}"#) }
        made += 1
        let session = FakeSession(
            self, id: "s\(place)-\(start)-\(made)", number: made, mark: mark, revision: revision,
            authorization: wire.authorization)
        sessions[session.id] = session
        world.note("instance \(place) begins \(mark) as \(session.id)")
        let answer = Payload.initialized(mark: mark, revision: revision)
        world.after(world.random.milliseconds(0...50)) { [self] in
            if world.random.chance(50) { return wire.json(200, answer, session: session.id) }
            wire.begin(200, .eventStream, session: session.id)
            if isHostile, world.random.chance(30) {
                wire.send("event: endpoint\ndata: /elsewhere\n\n")
                wire.send("data: {\"jsonrpc\":\"2.0\",\"id\":77,\"result\":{}}\n\n")
                if world.random.chance(30) { return wire.end() }
            }
            wire.send("event: message\r\ndata: \(answer)\r\n\r\n")
            wire.end()
        }
    }
}
