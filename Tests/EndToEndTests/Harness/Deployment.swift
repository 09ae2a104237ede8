// The nodes of one topology before some servers, ready for use: joined with each other, every server known to each.
import Foundation
import TestSupport

struct Deployment: Sendable {
    static let secret = "a-secret-of-the-tests-and-of-nobody-else"

    let topology: Topology
    let nodes: [Gateway]
    let attachments: [Attachment]
    /// Where the members meet; nil for a single node.
    let meeting: Meeting?
    /// What stands between the members, if that was asked for: everybody reaches a node over the wire of its place, or
    /// each node reaches the broker over its own, and all attachments over one more.
    let wires: [Wire]
    private let plan: Plan

    /// What can be chosen beside the servers.
    struct Plan: Sendable {
        /// Further lines of every node's configuration; without `secret` and `cluster`.
        var settings = ""
        /// One, or two with the new one first.
        var secrets = [Deployment.secret]
        /// Where the members of a topology with a broker meet; nil: at one of its kind that is started for them.
        var broker: (any Broker)?
        /// Put wires between the members.
        var isWired = false
        /// Of the nodes; nil passes this process's own on.
        var environment: [String: String]?
        /// Further arguments of every attachment.
        var attachmentOptions: [String] = []
        /// One YAML flow mapping each; made from the publications.
        var upstreams: [String] = []
    }

    static func start(
        _ topology: Topology, _ publications: [Publication], _ plan: Plan = Plan()
    ) async throws -> Deployment {
        var plan = plan
        plan.upstreams = publications.map { $0.upstream(topology) }
        if topology == .single {
            let node = try await Gateway.start(plan.upstreams, plan.settings)
            return Deployment(
                topology: topology, nodes: [node], attachments: [], meeting: nil, wires: [], plan: plan)
        }
        // Another run of these tests may take a port between its choice and its use.
        for _ in 1...3 {
            do {
                return try await startMembers(topology, publications, plan)
            } catch let error as Overdue where error.description.contains("ddress already in use") {
                continue
            }
        }
        return try await startMembers(topology, publications, plan)
    }

    /// A node that was started in another way.
    static func of(_ node: Gateway) -> Deployment {
        Deployment(topology: .single, nodes: [node], attachments: [], meeting: nil, wires: [], plan: Plan())
    }

    /// Before these servers as one upstream at /mcp.
    static func start(
        _ topology: Topology, before servers: [TestServer], _ settings: String = ""
    ) async throws -> Deployment {
        try await start(topology, [Publication(servers: servers)], Plan(settings: settings))
    }

    private static func startMembers(
        _ topology: Topology, _ publications: [Publication], _ plan: Plan
    ) async throws -> Deployment {
        var meeting = try topology.broker.map { .broker(try plan.broker ?? $0.started()) }
            ?? Meeting.peers((1...topology.nodeCount).map { _ in try FreePort.take() })
        var wires: [Wire] = []
        if plan.isWired {
            for port in meeting.ports(topology.nodeCount) { wires.append(try await Wire(to: port)) }
            meeting.doors = wires.map(\.port)
        }
        let nodes: [Gateway]
        do {
            nodes = try await started(topology, meeting, plan)
        } catch {
            throw Overdue(description: "\(topology) nodes did not start: \(error)\n\(meeting.log)")
        }
        let attachments = !topology.hasAttachments ? [] : try publications.flatMap { publication in
            try publication.servers.map { server in
                try Attachment(
                    server, to: publication.name, over: meeting, secret: plan.secrets.joined(separator: " "),
                    plan.attachmentOptions + (publication.offersStream ? ["--sse-url", server.streamURL] : []))
            }
        }
        let deployment = Deployment(
            topology: topology, nodes: nodes, attachments: attachments, meeting: meeting, wires: wires, plan: plan)
        do {
            try await deployment.isReady(publications)
        } catch {
            throw Overdue(description: "\(topology) nodes did not get ready: \(error)\n\(deployment.logs)")
        }
        return deployment
    }

    /// All nodes, started at the same time, in their order.
    private static func started(_ topology: Topology, _ meeting: Meeting, _ plan: Plan) async throws -> [Gateway] {
        try await withThrowingTaskGroup(of: (Int, Gateway).self) { group in
            for place in 0..<topology.nodeCount {
                group.addTask { (place, try await node(place, meeting, plan)) }
            }
            return try await group.reduce(into: [Int: Gateway]()) { $0[$1.0] = $1.1 }
                .sorted { $0.key < $1.key }.map(\.value)
        }
    }

    private static func node(_ place: Int, _ meeting: Meeting, _ plan: Plan) async throws -> Gateway {
        let settings = try meeting.member(place, plan.secrets) + "\n" + plan.settings
        let file = try Gateway.configuration(plan.upstreams, settings)
        return try await Gateway(
            ["serve", "--config", file], lines: plan.upstreams.count, environment: plan.environment)
    }

    // MARK: Ready

    private func isReady(_ publications: [Publication]) async throws {
        let servers = publications.reduce(0) { $0 + $1.servers.count }
        for node in nodes {
            try await until("all instances at \(node.endpoint().url)\n\(logs)") {
                try mustBeAlive()
                return try await node.metric("patchbay_instance_up") == Double(servers)
            }
        }
        if let path = publications.first?.path { try await areJoined(path) }
    }

    /// Waits until a stream that was begun at each node can be resumed at each other one.
    func areJoined(_ path: String = "/mcp") async throws { try await Self.areJoined(nodes, path, logs) }

    static func areJoined(_ nodes: [Gateway], _ path: String = "/mcp", _ logs: String = "") async throws {
        for here in nodes {
            for there in nodes where there !== here {
                var refusal = ""
                try await until("nodes that know each other; \(refusal)\n\(logs)") {
                    for node in nodes { try node.process.mustBeAlive() }
                    do {
                        let peer = try await Peer.open(here.endpoint(path))
                        let isResumed = try await resumes(peer, here, there)
                        // Nodes send new sessions where they see few.
                        _ = try await peer.send("DELETE")
                        return isResumed
                    } catch {
                        refusal = "\(error)"
                        return false
                    }
                }
            }
        }
    }

    private static func resumes(_ peer: Peer, _ here: Gateway, _ there: Gateway) async throws -> Bool {
        var track = Track(peer, Scene.ping)
        try await track.connect(at: here)
        try await track.read(upTo: 0)
        track.cut()
        try await track.connect(at: there)
        try await track.finish()
        return track.messages.last?["result"] != .null
    }

    func mustBeAlive() throws {
        for node in nodes { try node.process.mustBeAlive() }
        for attachment in attachments { try attachment.process.mustBeAlive() }
    }

    /// The ends of all logs, for the message of a failed test.
    var logs: String {
        let parts = nodes.map { ("a node", $0.process) } + attachments.map { ("an attachment", $0.process) }
        let ends = parts.filter { !$0.1.errors.lines.isEmpty }
            .map { "the log of \($0.0) ends with\n\($0.1.errors.tail(4))" }
        return (ends + [meeting?.log ?? ""]).joined(separator: "\n")
    }

    // MARK: Using it

    var first: Gateway { nodes[0] }
    /// Another node than the first, if there is one.
    var other: Gateway { nodes[nodes.count - 1] }

    /// The node of this place again, with its cluster port and nothing of its memory. Its other ports are new.
    func restarted(_ place: Int, secrets: [String]? = nil) async throws -> Gateway {
        guard let meeting else { throw Overdue(description: "a single node has no place") }
        var plan = plan
        if let secrets { plan.secrets = secrets }
        return try await Self.node(place, meeting, plan)
    }

    /// The ports of the nodes' listeners for each other; none where they meet at a broker.
    var clusterPorts: [Int] {
        if case .peers(let ports)? = meeting?.place { ports } else { [] }
    }

    /// The broker on which the members meet.
    var broker: any Broker {
        get throws {
            guard case .broker(let server)? = meeting?.place else { throw Overdue(description: "there is no broker") }
            return server
        }
    }
}
