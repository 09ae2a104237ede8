// `patchbay serve`: one gateway node, from its start to the end of its drain.
internal import ArgumentParser
internal import GatewayConfig
internal import Logging

struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a gateway node.",
        discussion: """
            Without a configuration file the flags alone are enough. When the node is ready it prints one line per
            upstream on standard output: patchbay ready http://127.0.0.1:8080/mcp
            SIGTERM or Ctrl-C drains it: no new sessions, running calls finish, then it exits with 0. A second signal
            ends it at once.

            EXAMPLES:
              patchbay serve --upstream http://127.0.0.1:9001/mcp --upstream http://127.0.0.1:9002/mcp
              patchbay serve --config config/patchbay.yaml --log-level debug
              patchbay serve --listen 127.0.0.1:0 --path /tools --upstream https://tools.example.com/mcp
            """)

    @OptionGroup var options: ConfigOptions

    func run() throws {
        let loaded = try options.load()
        loaded.printWarnings()
        let level = Logger.Level(rawValue: loaded.configuration.logLevel.rawValue) ?? .info
        let signals = SignalWatch()
        let log = LogWriter()
        let logger = Logger(label: "patchbay") { _ in LogfmtHandler(level, log) }
        try log.accompany {
            try Node(configuration: loaded.configuration, logger: logger, log: log, filesMax: FileLimit.raise())
                .run(until: signals)
        }
    }
}
