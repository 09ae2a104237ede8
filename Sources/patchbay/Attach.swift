// `patchbay attach`: stands beside one instance and puts it on the nodes of a cluster, from its start to the end of its
// drain.
internal import ArgumentParser
internal import GatewayConfig
internal import Logging

struct Attach: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Put an instance on the nodes of a cluster, from beside it.",
        discussion: """
            Dials out, to every node or to the NATS or Redis servers on which the nodes meet, and opens no port, so \
            the instance may sit behind NAT. The instance is there for clients as soon as a node was reached, and \
            leaves when this ends. The nodes need the same transport in 'cluster', and an upstream of that name: with \
            'transport: http' and no instances, or with 'transport: nats' or 'transport: redis'.
            The environment variable PATCHBAY_SECRET holds the secret of the nodes; or two, the new one first, with \
            a space between them, while they are rotated.
            SIGTERM or Ctrl-C drains it: nothing new, running calls finish, then it exits with 0. A second signal \
            ends it at once.

            EXAMPLES:
              patchbay attach --upstream-name main --url http://127.0.0.1:9001/mcp \\
                --transport http --peers http://10.0.0.1:7001,http://10.0.0.2:7001
              patchbay attach --upstream-name main --url http://127.0.0.1:9001/mcp \\
                --transport nats --nats tls://bus.example.com --nats-credentials my.creds
              patchbay attach --upstream-name main --url http://127.0.0.1:9001/mcp \\
                --transport redis --redis rediss://bus.example.com --redis-ca ca.pem
            """)

    @OptionGroup var options: AttachOptions

    func run() throws {
        let configuration = try options.load()
        let level = Logger.Level(rawValue: configuration.logLevel.rawValue) ?? .info
        let signals = SignalWatch()
        let log = LogWriter()
        let logger = Logger(label: "patchbay") { _ in LogfmtHandler(level, log) }
        try log.accompany {
            try AttachmentNode(configuration: configuration, logger: logger, log: log, filesMax: FileLimit.raise())
                .run(until: signals)
        }
    }
}
