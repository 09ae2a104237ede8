// Where nodes and attachments of one deployment find each other: at each other's ports, or at a broker of their own.
import TestSupport

struct Meeting: Sendable {
    enum Place: Sendable {
        /// The ports at which the nodes listen for each other and for attachments.
        case peers([Int])
        case broker(NATSServer)
    }

    let place: Place
    /// What is given out instead of the ports of ``ports(_:)``, if anything.
    var doors: [Int]?

    static func peers(_ ports: [Int]) -> Meeting { Meeting(place: .peers(ports)) }

    static func broker(_ server: NATSServer) -> Meeting { Meeting(place: .broker(server)) }

    /// One port for each wire: those of the nodes; or the broker's, for every node and once for all attachments.
    func ports(_ nodes: Int) -> [Int] {
        switch place {
        case .peers(let ports): ports
        case .broker(let server): Array(repeating: server.port, count: nodes + 1)
        }
    }

    /// The lines that make a node a member of the cluster.
    /// - Parameter node: which one it is, from 0.
    func member(_ node: Int, _ secrets: [String]) throws -> String {
        let secret = try Meeting.secret(secrets)
        switch place {
        case .peers(let ports):
            let doors = doors ?? ports
            let others = doors.indices.filter { $0 != node }.map { doors[$0] }
            return "\(secret)\n" + Meeting.http(ports[node], peers: others)
        case .broker(let server):
            let url = "nats://127.0.0.1:\(doors?[node] ?? server.port)"
            return "\(secret)\nnode_name: node-\(node + 1)\ncluster: {transport: nats, nats: {url: \"\(url)\"}}"
        }
    }

    /// What tells an attachment where the nodes are.
    var arguments: [String] {
        switch place {
        case .peers(let ports):
            let urls = (doors ?? ports).map { "http://127.0.0.1:\($0)" }
            return ["--transport", "http", "--peers", urls.joined(separator: ",")]
        case .broker(let server):
            return ["--transport", "nats", "--nats", "nats://127.0.0.1:\(doors?.last ?? server.port)"]
        }
    }

    /// The lines of a node that meets others without a broker, for one that is no part of a deployment.
    static func member(_ port: Int, peers: [Int], _ secrets: [String] = [Deployment.secret]) throws -> String {
        try secret(secrets) + "\n" + http(port, peers: peers)
    }

    private static func http(_ port: Int, peers: [Int]) -> String {
        let urls = peers.map { "\"http://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        return "cluster: {transport: http, listen: \"127.0.0.1:\(port)\", peers: [\(urls)]}"
    }

    private static func secret(_ secrets: [String]) throws -> String {
        let files = try secrets.map { "\"${file:\(try Scratch.write($0, as: "secret"))}\"" }
        return "secret: [\(files.joined(separator: ", "))]"
    }
}
