// The nodes of one topology before some servers, ready for use: joined with each other, every server known to each.
import Foundation

struct Deployment: Sendable {
    static let secret = "a-secret-of-the-tests-and-of-nobody-else"

    let topology: Topology
    let nodes: [Gateway]
    let attachments: [Attachment]
    /// The ports at which nodes and attachments reach each node; empty for a single node.
    let clusterPorts: [Int]
    private let files: [String]

    /// - Parameter settings: further lines of every node's configuration; without `secret` and `cluster`.
    static func start(
        _ topology: Topology, _ publications: [Publication], _ settings: String = "", secret: String = secret
    ) async throws -> Deployment {
        if topology == .single {
            let node = try await Gateway.start(publications.map { $0.upstream() }, settings)
            return Deployment(topology: topology, nodes: [node], attachments: [], clusterPorts: [], files: [])
        }
        // Another run of these tests may take a port between its choice and its use.
        for _ in 1...3 {
            do {
                return try await startNodes(topology, publications, settings, secret)
            } catch let error as Overdue where error.description.contains("ddress already in use") {
                continue
            }
        }
        return try await startNodes(topology, publications, settings, secret)
    }

    /// Before these servers as one upstream at /mcp.
    static func start(
        _ topology: Topology, before servers: [TestServer], _ settings: String = ""
    ) async throws -> Deployment {
        try await start(topology, [Publication(servers: servers)], settings)
    }

    private static func startNodes(
        _ topology: Topology, _ publications: [Publication], _ settings: String, _ secret: String
    ) async throws -> Deployment {
        let ports = [try FreePort.take(), try FreePort.take()]
        let upstreams = publications.map { $0.upstream(naming: topology == .paired) }
        let files = try ports.indices.map { index in
            try Gateway.configuration(
                upstreams, member(ports[index], peers: ports.filter { $0 != ports[index] }, secret) + "\n" + settings)
        }
        async let first = Gateway(["serve", "--config", files[0]], lines: upstreams.count)
        async let second = Gateway(["serve", "--config", files[1]], lines: upstreams.count)
        let nodes = try await [first, second]
        let attachments = topology != .attached ? [] : try publications.flatMap { publication in
            try publication.servers.map { server in
                try Attachment(
                    server, to: publication.name, peers: ports, secret: secret,
                    publication.offersStream ? ["--sse-url", server.streamURL] : [])
            }
        }
        let deployment = Deployment(
            topology: topology, nodes: nodes, attachments: attachments, clusterPorts: ports, files: files)
        try await deployment.isReady(publications)
        return deployment
    }

    /// The lines that make a node a member of a cluster.
    static func member(_ port: Int, peers: [Int], _ secret: String = secret) -> String {
        let urls = peers.map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        return "secret: \"\(secret)\"\n"
            + "cluster: {transport: http, listen: \"127.0.0.1:\(port)\", peers: [\(urls)]}"
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

    /// Waits until a session that was begun at each node is known to each other one.
    func areJoined(_ path: String = "/mcp") async throws {
        for here in nodes {
            for there in nodes where there !== here {
                try await until("nodes that know each other\n\(logs)") {
                    try mustBeAlive()
                    var peer = try await Peer.open(here.endpoint(path))
                    peer.endpoint = there.endpoint(path)
                    return try await peer.post(Scene.ping).status == 200
                }
            }
        }
    }

    func mustBeAlive() throws {
        for node in nodes { try node.process.mustBeAlive() }
        for attachment in attachments { try attachment.process.mustBeAlive() }
    }

    /// The ends of all logs, for the message of a failed test.
    var logs: String {
        let parts = nodes.map { ("a node", $0.process) } + attachments.map { ("an attachment", $0.process) }
        return parts.filter { !$0.1.errors.lines.isEmpty }
            .map { "the log of \($0.0) ends with\n\($0.1.errors.tail(4))" }.joined(separator: "\n")
    }

    // MARK: Using it

    var first: Gateway { nodes[0] }
    /// Another node than the first, if there is one.
    var other: Gateway { nodes[nodes.count - 1] }

    /// The node of this place again, with its cluster port and nothing of its memory. Its other ports are new.
    func restarted(_ place: Int) async throws -> Gateway {
        try await Gateway(["serve", "--config", files[place]])
    }
}
