// One remark about a configuration, in the form compilers use, and the error that carries the remarks of a whole
// run. Everything in this target reports through these two; printing them and choosing an exit code is the
// command's work.

/// A remark about one place in a configuration.
///
/// Its description is `file:line:column: severity: text`. A remark without a line is about the whole file, a
/// command-line flag (`--listen`) or an environment variable, and its description leaves the numbers out.
/// The text never quotes a value that came through `${env:…}` or `${file:…}`.
public struct Diagnostic: Sendable, Equatable, CustomStringConvertible {
    public enum Severity: String, Sendable {
        case error
        case warning
    }

    /// The file as it was named to the loader, or the flag or variable; empty when there is no such place.
    public var file: String
    /// Counts from 1; 0 means that the remark has no line.
    public var line: Int
    /// Counts Unicode scalars from 1; 0 when `line` is 0.
    public var column: Int
    public var severity: Severity
    public var text: String

    public init(file: String, line: Int = 0, column: Int = 0, severity: Severity = .error, text: String) {
        self.file = file
        self.line = line
        self.column = column
        self.severity = severity
        self.text = text
    }

    init(at origin: Origin, severity: Severity = .error, text: String) {
        switch origin {
        case .builtIn: self.init(file: "", severity: severity, text: text)
        case .file(let name, let line, let column):
            self.init(file: name, line: line, column: column, severity: severity, text: text)
        case .flag(let name), .environment(let name): self.init(file: name, severity: severity, text: text)
        }
    }

    public var description: String {
        let place = line > 0 ? "\(file):\(line):\(column): " : file.isEmpty ? "" : "\(file): "
        return "\(place)\(severity.rawValue): \(text)"
    }
}

/// A configuration that cannot be used. Holds at least one diagnostic of severity `error`, with the warnings of the
/// same run beside it, in the order of the file.
public struct ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
    public var diagnostics: [Diagnostic]

    public init(diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// One diagnostic a line.
    public var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }
}
