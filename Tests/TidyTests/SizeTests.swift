// How long files, functions and lines may be. The soft limit of files needs a reason in the list below; the hard
// limits have no exception.
import Testing

enum Sizes {
    static let fileLinesSoft = 300
    static let fileLinesHard = 400
    static let functionLinesMax = 70
    static let lineCharactersMax = 120

    /// Files above the soft limit, each with the reason why it is not split.
    static let reasons: [String: String] = [:]

    static func fileLength(_ file: TextFile) -> [Violation] {
        let count = file.lines.count
        if count > fileLinesHard {
            return [Violation(path: file.path, line: 0, text: "\(count) lines, above the hard \(fileLinesHard)")]
        }
        switch (count > fileLinesSoft, reasons[file.path]) {
        case (true, nil):
            return [
                Violation(
                    path: file.path, line: 0,
                    text: "\(count) lines, above \(fileLinesSoft): split it, or give a reason in SizeTests"),
            ]
        case (false, .some):
            return [Violation(path: file.path, line: 0, text: "\(count) lines: its reason in SizeTests is not needed")]
        default: return []
        }
    }

    static func functionLengths(_ file: SwiftFile) -> [Violation] {
        file.functions.filter { $0.lineCount > functionLinesMax }.map {
            Violation(
                path: file.file.path, line: $0.line,
                text: "\($0.name) has \($0.lineCount) lines, above \(functionLinesMax)")
        }
    }

    static func lineLengths(_ file: TextFile) -> [Violation] {
        file.lines.enumerated().filter { $0.element.count > lineCharactersMax }.map {
            Violation(
                path: file.path, line: $0.offset + 1,
                text: "\($0.element.count) characters, above \(lineCharactersMax)")
        }
    }
}

@Suite("Sizes")
struct SizeTests {
    @Test("No file is longer than 400 lines, and none longer than 300 without a reason")
    func files() {
        report(Project.files.filter(\.isCode).flatMap(Sizes.fileLength))
        report(
            Sizes.reasons.keys.filter { Project.file($0) == nil }
                .map { Violation(path: $0, line: 0, text: "stands in the reasons of SizeTests and does not exist") })
    }

    @Test("No function is longer than 70 lines")
    func functions() { report(Project.swiftFiles.flatMap(Sizes.functionLengths)) }

    @Test("No line is longer than 120 characters")
    func lines() {
        let kinds = ["yaml", "yml", "cfg", "conf", "service"]
        let files = Project.files.filter { $0.isCode || $0.isOwn && kinds.contains($0.kind) }
        report(files.flatMap(Sizes.lineLengths))
    }
}
