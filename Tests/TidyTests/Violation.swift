// What a house rule has to say, in the form that editors can jump to. Every rule returns these; `report` turns them
// into test failures.
import Testing

/// One place that breaks a rule.
struct Violation: CustomStringConvertible, Equatable {
    let path: String
    /// From 1; 0 when the whole file or folder is meant.
    let line: Int
    let text: String

    var description: String { line == 0 ? "\(path): \(text)" : "\(path):\(line): \(text)" }
}

/// Fails the running test once for each violation.
func report(_ violations: [Violation], sourceLocation: SourceLocation = #_sourceLocation) {
    for violation in violations {
        Issue.record(Comment(rawValue: violation.description), sourceLocation: sourceLocation)
    }
}
