// The `redis` cluster transport as the contract suite sees it: a real server of its own for each case.
#if Redis
import NIOCore
import TestSupport
import TransportConformance

@testable import RedisTransport

enum RedisSubject {
    static func make() -> ConformanceSubject {
        ConformanceSubject(name: "redis", patience: .seconds(15)) { members in
            // Killed servers must keep what they have acknowledged, also while the disk is slow.
            var settings = RedisServer.Settings()
            settings.persistence = .always
            let server = try RedisServer(settings)
            let bench = BrokerBench(server) { context, secret in
                var options = RedisOptions(host: "127.0.0.1", port: server.port, secrets: [secret])
                options.reconnectMax = .milliseconds(200)
                options.logEntriesMax = BrokerBench.retention.entries
                options.logEntryBytesMax = BrokerBench.retention.bytes
                return RedisCluster(context: context, options: options)
            } crash: { cluster in
                (cluster as? RedisCluster)?.crash()
            }
            return try await bench.cluster(members)
        }
    }
}

#endif
