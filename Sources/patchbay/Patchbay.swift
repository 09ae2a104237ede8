// The command. Everything it knows by itself is which parts there are and how they fit; what they do is in the
// libraries below.
internal import ArgumentParser

@main
struct Patchbay: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patchbay",
        abstract: "A gateway that makes any number of MCP servers look like one.",
        discussion: """
            EXAMPLES:
              patchbay serve --upstream http://127.0.0.1:9001/mcp --upstream http://127.0.0.1:9002/mcp
              patchbay serve --config config/patchbay.yaml
              patchbay attach --upstream-name main --url http://127.0.0.1:9001/mcp \\
                --transport http --peers http://127.0.0.1:7001,http://127.0.0.1:7002
              patchbay attach --upstream-name main --url http://127.0.0.1:9001/mcp \\
                --transport nats --nats nats://127.0.0.1:4222
              patchbay attach --upstream-name main --url http://127.0.0.1:9001/mcp \\
                --transport redis --redis redis://127.0.0.1:6379
              patchbay check-config config/patchbay.yaml
              patchbay print-config --config config/patchbay.yaml

            EXIT CODES:
              0 fine   64 wrong usage   69 an address cannot be bound   70 internal error   78 bad configuration
            """,
        version: Version.text,
        subcommands: [Serve.self, Attach.self, CheckConfig.self, PrintConfig.self])
}

/// The version of this program.
enum Version {
    static let text = "patchbay 0.1.0"
}

extension ExitCode {
    /// EX_UNAVAILABLE of sysexits.h: an address cannot be bound.
    static let cannotBind = ExitCode(69)
    /// EX_SOFTWARE: a failure that is the program's own.
    static let internalError = ExitCode(70)
    /// EX_CONFIG: the configuration is wrong.
    static let badConfig = ExitCode(78)
}
