// Where nodes and attachments of one deployment find each other: at each other's ports, or at a broker of their own.
import TestSupport

struct Meeting: Sendable {
    enum Place: Sendable {
        /// The ports at which the nodes listen for each other and for attachments.
        case peers([Int])
        case broker(any Broker)
    }

    let place: Place
    /// What is given out instead of the ports of ``ports(_:)``, if anything.
    var doors: [Int]?

    static func peers(_ ports: [Int]) -> Meeting { Meeting(place: .peers(ports)) }

    static func broker(_ server: any Broker) -> Meeting { Meeting(place: .broker(server)) }

    /// One port for each wire: those of the nodes; or the broker's, for every node and once for all attachments.
    func ports(_ nodes: Int) -> [Int] {
        switch place {
        case .peers(let ports): ports
        case .broker(let server): Array(repeating: server.port, count: nodes + 1)
        }
    }

    /// The end of the broker's log, for the message of a failed test; empty without a broker.
    var log: String {
        guard case .broker(let server) = place else { return "" }
        return "the log of the broker ends with\n\(server.output.suffix(2_000))"
    }

    /// The lines that make a node a member of the cluster.
    /// - Parameter node: which one it is, from 0.
    func member(_ node: Int, _ secrets: [String]) throws -> String {
        switch place {
        case .peers(let ports):
            let doors = doors ?? ports
            let others = doors.indices.filter { $0 != node }.map { doors[$0] }
            return try Meeting.member(ports[node], peers: others, secrets)
        case .broker(let server):
            return try Meeting.member("node-\(node + 1)", server.member(through: doors?[node]), secrets)
        }
    }

    /// What tells an attachment where the nodes are.
    var arguments: [String] {
        switch place {
        case .peers(let ports):
            let urls = (doors ?? ports).map { "http://127.0.0.1:\($0)" }
            return ["--transport", "http", "--peers", urls.joined(separator: ",")]
        case .broker(let server):
            return server.arguments(through: doors?.last)
        }
    }

    /// The lines of a node that meets others without a broker, for one that is no part of a deployment.
    static func member(_ port: Int, peers: [Int], _ secrets: [String] = [Deployment.secret]) throws -> String {
        let urls = peers.map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        return try secret(secrets)
            + "\ncluster: {transport: http, listen: \"127.0.0.1:\(port)\", peers: [\(urls)]}"
    }

    /// The lines of a node that meets others at a broker.
    /// - Parameter line: the broker's own.
    static func member(_ name: String, _ line: String, _ secrets: [String] = [Deployment.secret]) throws -> String {
        try secret(secrets) + "\nnode_name: \(name)\n" + line
    }

    private static func secret(_ secrets: [String]) throws -> String {
        let files = try secrets.map { "\"${file:\(try Scratch.write($0, as: "secret"))}\"" }
        return "secret: [\(files.joined(separator: ", "))]"
    }
}
