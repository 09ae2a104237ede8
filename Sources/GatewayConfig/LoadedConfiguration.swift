// What loading gives: the values, what should be said about them, and where each came from. `ConfigLoader` makes it;
// nothing in it changes afterwards.

/// A configuration that was read, checked and may be used.
public struct LoadedConfiguration: Sendable {
    public let configuration: GatewayConfiguration
    /// What works but is probably not meant, in the order of the file. Print them at start.
    public let warnings: [Diagnostic]
    let values: EffectiveValues

    /// Where each value came from, by its path: `upstreams[0].path`, `limits.body`. Values in lists and mappings have
    /// paths of their own, and the lists and mappings have theirs.
    public var origins: [String: Origin] {
        Dictionary(values.entries.dropFirst().map { ($0.path, $0.origin) }) { first, _ in first }
    }

    /// The effective configuration as YAML, for `print-config`: every key, each line ending in a comment that says
    /// where the value came from (`default`, `file:line`, `flag --listen`, `env NAME`). Secrets, and all values that
    /// came through `${env:…}` or `${file:…}`, stand there as `<redacted>`; the rest can be loaded again.
    public func render() -> String {
        EffectiveYAML.render(values)
    }
}
