// Where a value came from. The document carries it with every node, so that a value from a flag is checked and
// reported by the same code as one from the file.

/// The source of one effective value. Later ones win: default, file, environment, flag.
public enum Origin: Sendable, Equatable, CustomStringConvertible {
    /// Nobody said anything: the value is the built-in default.
    case builtIn
    /// Line and column count from 1.
    case file(name: String, line: Int, column: Int)
    /// A command-line flag, with its dashes.
    case flag(String)
    /// An environment variable that stands for a key.
    case environment(String)

    /// As `print-config` shows it: `default`, `file:line`, `flag --listen`, `env NAME`.
    public var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let name, let line, _): "\(name):\(line)"
        case .flag(let name): "flag \(name)"
        case .environment(let name): "env \(name)"
        }
    }
}
