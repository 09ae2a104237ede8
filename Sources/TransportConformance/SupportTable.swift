// The README's table of what each transport offers, made from what the suite knows, so that it cannot say more.

/// Makes the support table.
public enum SupportTable {
    /// A transport's line.
    public struct Row: Sendable {
        public var name: String
        public var gaps: [KnownGap]

        public init(name: String, gaps: [KnownGap]) {
            self.name = name
            self.gaps = gaps
        }

        public init(_ subject: ConformanceSubject) { self.init(name: subject.name, gaps: subject.gaps) }
    }

    /// Markdown, with a line feed at the end: one row for each transport, one column for each port with the number of
    /// cases that pass, and the gaps with their reasons as notes below.
    public static func markdown(_ rows: [Row]) -> String {
        var notes: [String] = []
        var lines = [
            "| transport | " + Port.allCases.map(\.rawValue).joined(separator: " | ") + " |",
            "|---" + String(repeating: "|---", count: Port.allCases.count) + "|",
        ]
        for row in rows {
            let cells = Port.allCases.map { cell(row, $0, &notes) }
            lines.append("| `\(row.name)` | " + cells.joined(separator: " | ") + " |")
        }
        if !notes.isEmpty { lines.append("") }
        for (index, note) in notes.enumerated() { lines.append("\(index + 1). \(note)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func cell(_ row: Row, _ port: Port, _ notes: inout [String]) -> String {
        if let gap = row.gaps.first(where: { $0.scope == .port(port) }) {
            notes.append("`\(row.name)`, \(port.rawValue): \(gap.reason)")
            return "– (\(notes.count))"
        }
        let cases = ConformanceCase.allCases.filter { $0.port == port }
        var marks: [String] = []
        var missing = 0
        for testCase in cases {
            guard let gap = row.gaps.first(where: { $0.covers(testCase) }) else { continue }
            missing += 1
            notes.append("`\(row.name)`, not “\(testCase.title)”: \(gap.reason)")
            marks.append("\(notes.count)")
        }
        let number = "\(cases.count - missing) of \(cases.count)"
        return marks.isEmpty ? "✓ \(number)" : "✓ \(number) (\(marks.joined(separator: ", ")))"
    }
}
