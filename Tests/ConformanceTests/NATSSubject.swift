// The `nats` cluster transport as the contract suite sees it: a real server of its own for each case.
#if NATS
import NIOCore
import TestSupport
import TransportConformance

@testable import NATSTransport

enum NATSSubject {
    static func make() -> ConformanceSubject {
        ConformanceSubject(name: "nats", patience: .seconds(15)) { members in
            let server = try NATSServer()
            let bench = BrokerBench(server) { context, secret in
                var options = NATSOptions(urls: [server.url], secrets: [secret])
                options.reconnectMax = .milliseconds(200)
                // A busy disk may take longer than a node would wait.
                options.callTimeout = .seconds(5)
                options.logEntriesMax = BrokerBench.retention.entries
                options.logEntryBytesMax = BrokerBench.retention.bytes
                return NATSCluster(context: context, options: options)
            } crash: { cluster in
                (cluster as? NATSCluster)?.crash()
            }
            return try await bench.cluster(members)
        }
    }
}

#endif
