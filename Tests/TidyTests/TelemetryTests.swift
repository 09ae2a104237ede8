// Every metric name stands in its target's telemetry file and nowhere else, and has the form that Prometheus asks for.
import Testing

enum Metrics {
    static let homes = ["Sources/GatewayCore/Operations/Telemetry.swift", "Sources/GatewayHTTP/DoorTelemetry.swift"]
    private static let prefixes = ["patchbay_", "mcp_server_", "mcp_client_"]

    /// The metric names in texts of a file, with their lines.
    static func names(in file: TextFile) -> [(line: Int, name: String)] {
        file.lines.enumerated().flatMap { index, line -> [(Int, String)] in
            line.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .filter { place, part in place % 2 == 1 && prefixes.contains { part.hasPrefix($0) } }
                .map { (index + 1, String($0.element)) }
        }
    }

    static func elsewhere(_ file: TextFile) -> [Violation] {
        names(in: file).map {
            Violation(path: file.path, line: $0.line, text: "the metric name \($0.name) belongs in a telemetry file")
        }
    }

    static func form(_ name: String) -> Bool { name.allSatisfy { $0.isASCII && ($0.isLowercase || $0 == "_") } }
}

@Suite("Telemetry")
struct TelemetryTests {
    @Test("Metric names are defined in telemetry files only")
    func onePlace() {
        report(Project.productFiles.map(\.file).filter { !Metrics.homes.contains($0.path) }.flatMap(Metrics.elsewhere))
    }

    @Test("Metric names have the Prometheus form and occur once")
    func form() throws {
        let files = try Metrics.homes.map { try #require(Project.file($0)) }
        let names = files.flatMap(Metrics.names).map(\.name)
        #expect(names.count > 5, "Telemetry.swift is not read rightly any more")
        #expect(Set(names).count == names.count)
        for name in names { #expect(Metrics.form(name), "\(name)") }
    }
}
