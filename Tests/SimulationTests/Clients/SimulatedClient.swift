// A client that does what clients do, at random: begins sessions, calls, answers, listens, loses connections, goes.

import NIOCore

final class SimulatedClient {
    unowned let simulation: Simulation
    let name: String
    private(set) var conversations: [Conversation] = []
    private var beginning: Receipt?
    private var made = 0

    init(_ simulation: Simulation, name: String) {
        self.simulation = simulation
        self.name = name
    }

    var world: World { simulation.world }
    var ledger: Ledger { simulation.ledger }

    var current: Conversation? { conversations.last.flatMap { $0.isLive ? $0 : nil } }

    var isBeginning: Bool { beginning?.isOpen == true }

    // MARK: Steps

    func step() {
        guard let current else { return isBeginning ? () : begin() }
        if simulation.scenario.hostileClients, world.random.chance(20) { return attack(with: current) }
        switch world.random.below(100) {
        case ..<40: current.call(script())
        case ..<50: current.notify()
        case ..<65: current.listen()
        case 65..<85 where simulation.scenario.clientsLeave: loseConnection(of: current)
        case 85..<91 where simulation.scenario.clientsStall: stall(current)
        case 91..<93: current.delete()
        case 93..<96:
            guard let other = simulation.clients.first(where: { $0 !== self }) else { return }
            current.trespass(as: other.name)
        case 96..<98:
            let others = simulation.clients.compactMap { $0 === self ? nil : $0.current?.calls.last }
            guard let call = world.random.pick(others), let id = call.lastEventID else { return }
            current.borrow(id, of: call.name)
        default: break
        }
    }

    private func loseConnection(of conversation: Conversation) {
        let open = conversation.calls.filter { $0.outcome == .open }
        guard !open.isEmpty, !world.random.chance(40) else { return conversation.stream?.cut() ?? () }
        world.random.pick(open)?.cut()
    }

    private func stall(_ conversation: Conversation) {
        let open = conversation.calls.filter { $0.outcome == .open }
        if world.random.chance(40) { conversation.stream?.stall() } else { world.random.pick(open)?.stall() }
    }

    /// Makes use of what it has seen of somebody else's session.
    private func attack(with own: Conversation) {
        let others = simulation.clients.compactMap { $0 === self ? nil : $0.current }
        guard let other = world.random.pick(others) else { return }
        other.suffer(world.random.chance(30) ? Conversation.nobody : name, with: own)
    }

    private func script() -> CallScript {
        var script = CallScript()
        script.isRead = world.random.chance(20)
        script.isJSON = world.random.chance(30)
        script.hangs = world.random.chance(4)
        if simulation.scenario.hostileClients { script.isLarge = world.random.chance(15) }
        guard !script.isJSON else { return script }
        script.steps = (0..<world.random.below(8)).map { _ in world.random.chance(25) ? .question : .progress }
        if simulation.scenario.hostileInstances { script.makeHostile(&world.random) }
        return script
    }

    // MARK: Begin

    func begin() {
        made += 1
        let mark = "\(name)-\(made)"
        let revision = world.random.pick(["2025-11-25", "2025-11-25", "2025-06-18", "2025-03-26"]) ?? ""
        let reader = BeginReader { [self] token in
            guard let token else { return }
            let conversation = Conversation(self, mark: mark, token: token, revision: revision)
            conversations.append(conversation)
            conversation.notify("notifications/initialized")
        }
        let receipt = Receipt(world) { outcome in
            guard case .answered(let status, let fields) = outcome else { return }
            if status == 200, let own = fields.value("mark") {
                self.world.expect(own == mark, "\(mark) was begun as \(own)")
                reader.done()
            } else {
                self.world.note("\(mark) is refused with \(status)")
                self.world.count("initialize \(status)")
            }
        }
        reader.receipt = receipt
        beginning = receipt
        self.reader = reader
        let node = simulation.anyNode()
        world.note("\(mark) begins at node \(node.place)")
        let connection = node.send(
            "POST", headers: [("x-client", name)] + simulation.credentials(of: name),
            body: Payload.initialize(mark: mark, revision: revision), "\(mark) initialize", reader)
        guard simulation.scenario.clientsLeave, world.random.chance(5) else { return }
        world.after(world.random.milliseconds(0...60)) {
            guard receipt.isOpen else { return }
            connection.leave()
            receipt.wasCut(connection)
        }
    }

    private var reader: BeginReader?

    /// Takes the session's id off the head; the rest is the receipt's.
    private final class BeginReader: AnswerReader {
        private var token: String?
        private let begun: (String?) -> Void
        var receipt: Receipt?

        init(_ begun: @escaping (String?) -> Void) { self.begun = begun }

        func done() { begun(token) }

        func began(_ connection: ClientConnection, status: Int, lines: String) {
            token = Wire.header("mcp-session-id", in: lines)
            receipt?.began(connection, status: status, lines: lines)
        }

        func arrived(_ connection: ClientConnection, _ bytes: [UInt8]) { receipt?.arrived(connection, bytes) }

        func ended(_ connection: ClientConnection) { receipt?.ended(connection) }

        func wasCut(_ connection: ClientConnection) { receipt?.wasCut(connection) }
    }
}
