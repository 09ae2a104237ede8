// What nodes and attachments have in common for their operators: an admin listener and its metrics.
import Foundation

protocol Operated: Sendable {
    var process: ManagedProcess { get }
}

extension Operated {
    /// 0 when it has no admin listener, or has not said so yet.
    var adminPort: Int {
        let mark = "msg=\"admin listener is up\" listen=\"127.0.0.1:"
        let line = process.errors.first { $0.contains(mark) }?.components(separatedBy: mark).last
        return line.flatMap { Int($0.prefix { $0.isNumber }) } ?? 0
    }

    /// `GET` at the admin listener.
    func admin(_ path: String) async throws -> HTTPAnswer {
        // Its line comes over another pipe than the ready lines.
        try await until("the admin listener") { adminPort > 0 }
        return try await HTTPAnswer.get(Endpoint(port: adminPort, path: path))
    }

    /// The sum of the samples of a metric whose labels all occur in the line, or nil when there are none.
    func metric(_ name: String, _ labels: String...) async throws -> Double? {
        let page = try await admin("/metrics").text
        let samples = page.split(separator: "\n").filter { line in
            (line.hasPrefix(name + "{") || line.hasPrefix(name + " ")) && labels.allSatisfy { line.contains($0) }
        }
        let values = samples.compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }
        return values.isEmpty ? nil : values.reduce(0, +)
    }
}
