// Shorthand for tests that load a configuration from a string.

import GatewayConfig

/// A text that loads, to which tests add lines.
let smallUpstream = "upstreams: [{name: main, instances: [\"http://127.0.0.1:9001/mcp\"]}]\n"

/// As a random generator might have made it.
let strongSecret = "Zk3vQ9xT1bWm7RyHc5LdUe8NfJp2Gs6A"

func load(
    _ text: String?, _ overrides: Overrides = Overrides(), environment: [String: String] = [:],
    files: [String: String] = [:]
) throws(ConfigError) -> LoadedConfiguration {
    try ConfigLoader.load(
        file: text == nil ? nil : "test.yaml", overrides: overrides, environment: environment,
        readFile: { path in
            if path == "test.yaml", let text { return text }
            guard let content = files[path] else { throw ConfigFile.Failure(description: "No such file") }
            return content
        }, cores: 4)
}

/// What loading reports: all diagnostics of a failure, or the warnings of a success.
func diagnostics(
    _ text: String?, _ overrides: Overrides = Overrides(), environment: [String: String] = [:],
    files: [String: String] = [:]
) -> [Diagnostic] {
    do {
        return try load(text, overrides, environment: environment, files: files).warnings
    } catch {
        return error.diagnostics
    }
}
