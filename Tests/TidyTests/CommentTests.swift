// Each file says first what it is. Whether it says it well is for the reader to judge.
import Testing

enum Comments {
    /// How a comment begins, by kind of file.
    private static let marks: [String: [String]] = [
        "swift": ["// "], "c": ["//", "/*"], "h": ["//", "/*"], "lua": ["--"], "sh": ["# "], "py": ["\"\"\"", "# "],
        "yaml": ["# "], "yml": ["# "], "cfg": ["# "], "conf": ["# "], "service": ["# "], "Dockerfile": ["# "],
        "Makefile": ["# "],
    ]

    /// The shortest opening that can say anything, in characters.
    private static let shortest = 30

    static func opening(_ file: TextFile) -> [Violation] {
        guard let marks = marks[file.kind.isEmpty ? file.name : file.kind] else { return [] }
        let lines = file.lines.drop { $0.hasPrefix("#!") || $0.hasPrefix("// swift-tools-version") }
        guard let first = lines.first, marks.contains(where: { first.hasPrefix($0) }) else {
            return [Violation(path: file.path, line: 1, text: "does not open with a comment that says what it is")]
        }
        guard first.count < shortest else { return [] }
        return [Violation(path: file.path, line: 1, text: "opens with a comment too short to say what it is")]
    }
}

@Suite("Comments")
struct CommentTests {
    @Test("Each file opens with a comment")
    func openings() { report(Project.files.filter(\.isOwn).flatMap(Comments.opening)) }
}
