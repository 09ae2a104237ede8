// The README's support table says what the suite knows. `UPDATE_GOLDEN=1 swift test --filter SupportTableTests` writes
// it anew; read the diff before you keep it.
import Foundation
import Testing
import TransportConformance

@Suite("Support table")
struct SupportTableTests {
    /// All transports that join nodes. A new one is a line here.
    static let rows = [
        SupportTable.Row(name: "memory", gaps: MemorySubject.gaps),
        SupportTable.Row(name: "http", gaps: HTTPSubject.gaps),
        SupportTable.Row(name: "nats", gaps: []),
        SupportTable.Row(name: "redis", gaps: []),
    ]

    private static let marker = "<!-- support table -->"
    private static let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("README.md")

    @Test("README.md has the table that the suite makes")
    func readme() throws {
        let text = try String(contentsOf: Self.readme, encoding: .utf8)
        var parts = text.components(separatedBy: Self.marker)
        try #require(parts.count == 3, "README.md must have the marker \(Self.marker) twice")
        let table = "\n" + SupportTable.markdown(Self.rows)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1", parts[1] != table {
            parts[1] = table
            try parts.joined(separator: Self.marker).write(to: Self.readme, atomically: true, encoding: .utf8)
            return
        }
        #expect(parts[1] == table, "write it anew with UPDATE_GOLDEN=1")
    }

    @Test("A table shows what passes, single gaps and missing ports, each with its reason")
    func markdown() {
        let buses = ConformanceCase.allCases.filter { $0.port == .bus }.count
        let directories = ConformanceCase.allCases.filter { $0.port == .directory }.count
        let logs = ConformanceCase.allCases.filter { $0.port == .log }.count
        let table = SupportTable.markdown([
            .init(name: "whole", gaps: []),
            .init(
                name: "part",
                gaps: [
                    KnownGap(.busOrderOfOnePublisher, because: "It is a pool."),
                    .port(.log, because: "It has no disk."),
                ]),
        ])
        #expect(
            table == """
                | transport | bus | directory | log |
                |---|---|---|---|
                | `whole` | ✓ \(buses) of \(buses) | ✓ \(directories) of \(directories) | ✓ \(logs) of \(logs) |
                | `part` | ✓ \(buses - 1) of \(buses) (1) | ✓ \(directories) of \(directories) | – (2) |

                1. `part`, not “\(ConformanceCase.busOrderOfOnePublisher.title)”: It is a pool.
                2. `part`, log: It has no disk.

                """)
    }
}
