// The bounds of everything that a configuration can make long. They protect the loader from a wrong file (a log, a
// device) rather than from the operator, so they are generous and fixed.

enum ConfigBounds {
    /// Bytes of one file: the configuration itself, or one that `${file:…}` names.
    static let fileBytes = 1 << 20
    /// Diagnostics of one run; the rest is counted in a last line.
    static let diagnostics = 100
    static let upstreams = 256
    /// Instances of one upstream.
    static let instances = 1024
    /// Other nodes of a cluster.
    static let peers = 64
    /// Servers of one broker.
    static let brokers = 16
    /// Entries of any other list.
    static let listEntries = 256
    static let urlBytes = 2048
    /// Characters of a value that a diagnostic quotes.
    static let quotedCharacters = 80
    /// Characters of a key that is compared with the known keys for a suggestion.
    static let suggestedCharacters = 64
}
