// The servers on which the members of a cluster may meet instead of at each other, and what the tests must know of each
// kind. A new kind is a case here, and two topologies.
import TestSupport

/// One of the transports that have a server of their own.
enum BrokerKind: String, CaseIterable, Sendable, CustomStringConvertible {
    case nats, redis

    /// As configuration and command line call it.
    var description: String { rawValue }

    /// Those that this build can have.
    static var allCases: [BrokerKind] {
        var all: [BrokerKind] = []
        #if NATS
            all.append(.nats)
        #endif
        #if Redis
            all.append(.redis)
        #endif
        return all
    }

    /// Nodes that reach the servers themselves.
    var direct: Topology {
        switch self {
        case .nats: .nats
        case .redis: .redis
        }
    }

    var attached: Topology {
        switch self {
        case .nats: .natsAttached
        case .redis: .redisAttached
        }
    }

    /// Of a broker on loopback.
    func url(_ port: Int) -> String { "\(self)://127.0.0.1:\(port)" }

    /// The line that makes a node a member of a cluster which meets at a port.
    /// - Parameter more: further keys, each with a comma before it.
    func member(at port: Int, _ more: String = "") -> String {
        "cluster: {transport: \(self), \(self): {url: \"\(url(port))\"\(more)}}"
    }

    func started() throws -> any Broker {
        switch self {
        case .nats: return try NATSServer()
        case .redis:
            // Killed servers must keep what they have acknowledged, also while the disk is slow.
            var settings = RedisServer.Settings()
            settings.persistence = .always
            return try RedisServer(settings)
        }
    }
}

/// A server on which members meet.
protocol Broker: ChildServer {
    var kind: BrokerKind { get }
    /// Its members must say that they know what it may forget.
    var isVolatile: Bool { get }
}

extension NATSServer: Broker {
    var kind: BrokerKind { .nats }
    var isVolatile: Bool { false }
}

extension RedisServer: Broker {
    var kind: BrokerKind { .redis }
    var isVolatile: Bool { settings.persistence == .none }
}

extension Broker {
    /// The line that makes a node a member of the cluster.
    /// - Parameter door: the port to give out instead of the broker's own, if any.
    func member(through door: Int?) -> String {
        kind.member(at: door ?? port, isVolatile ? ", accept_volatile: true" : "")
    }

    /// What tells an attachment where the nodes meet.
    func arguments(through door: Int?) -> [String] {
        ["--transport", "\(kind)", "--\(kind)", kind.url(door ?? port)]
            + (isVolatile ? ["--\(kind)-accept-volatile"] : [])
    }
}
