// The flags that say what to run, shared by `serve` and `print-config`. Flags win over the file.
internal import ArgumentParser
internal import GatewayConfig

struct ConfigOptions: ParsableArguments {
    @Option(help: "The YAML configuration file.")
    var config: String?

    @Option(help: "Where clients connect, HOST:PORT. Port 0 takes a free port. (default: 127.0.0.1:8080)")
    var listen: String?

    @Option(help: "The path that clients use. (default: /mcp)")
    var path: String?

    @Option(help: ArgumentHelp("An instance's MCP endpoint; repeat it for more instances.", valueName: "url"))
    var upstream: [String] = []

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    func validate() throws {
        if config == nil && upstream.isEmpty {
            throw ValidationError("Say what to stand in front of: --upstream URL (repeatable), or --config FILE.")
        }
    }

    func load() throws -> LoadedConfiguration {
        try .orExit(
            file: config,
            overrides: Overrides(listen: listen, path: path, upstreams: upstream, logLevel: logLevel))
    }
}

extension LoadedConfiguration {
    /// Loads, or prints every diagnostic and exits with 78.
    static func orExit(file: String?, overrides: Overrides) throws -> LoadedConfiguration {
        try orExit { () throws(ConfigError) in
            try ConfigLoader.load(file: file, overrides: overrides, environment: Environment.all)
        }
    }

    /// Loads as `load` does it, or prints every diagnostic and exits with 78.
    static func orExit(_ load: () throws(ConfigError) -> LoadedConfiguration) throws -> LoadedConfiguration {
        let loaded: LoadedConfiguration
        do {
            loaded = try load()
        } catch {
            for diagnostic in error.diagnostics { StandardError.print("\(diagnostic)") }
            throw ExitCode.badConfig
        }
        try BuiltTransports.require(for: loaded)
        return loaded
    }

    func printWarnings() {
        for warning in warnings { StandardError.print("\(warning)") }
    }
}
