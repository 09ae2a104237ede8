// The scripts in `clients/` that hold the cases, and what each is given to run against. One run of each per topology.
import Foundation

/// One script with its cases.
enum CaseBook: String, CaseIterable, Sendable, CustomStringConvertible {
    case legacy, resuming, modern

    var description: String { rawValue }

    var script: String {
        switch self {
        case .legacy: "cases.py"
        case .resuming: "resuming.py"
        case .modern: "modern_cases.py"
        }
    }

    /// Of the SDK.
    var version: String { self == .modern ? "2.3.0" : "1.30.0" }

    /// All cases of the script.
    var names: [String] {
        switch self {
        case .legacy: CaseName.legacy
        case .resuming: CaseName.resuming
        case .modern: CaseName.modern
        }
    }

    /// Those that run over a topology: over a broker what depends on it most, and all of them with `PATCHBAY_MATRIX=1`.
    func names(over topology: Topology) -> [String] {
        guard topology.broker != nil else { return names }
        return names.filter { Matrix.isWhole ? !CaseName.withoutLog.contains($0) : CaseName.core.contains($0) }
    }

    /// Cases that run at the same time. Where it is more than one, no case may mind the time that others take.
    var atOnce: Int { self == .resuming ? 6 : 1 }

    /// The options of the script: the addresses at the first node, and the other nodes.
    func arguments(_ deployment: Deployment) -> [String] {
        let chosen = names(over: deployment.topology)
        return addresses(deployment) + (chosen == names ? [] : ["--case"] + chosen)
    }

    private func addresses(_ deployment: Deployment) -> [String] {
        func url(_ path: String) -> String { deployment.first.endpoint(path).url }
        let others = deployment.nodes.dropFirst().map { "http://127.0.0.1:\($0.port)" }
        var arguments = ["--comment-interval", "2", "--at-once", "\(atOnce)"]
        if self == .modern {
            arguments += ["--url", url("/modern"), "--json-url", url("/modern-json")]
        } else {
            arguments += ["--url", url(self == .legacy ? "/mcp" : "/resumed"), "--json-url", url("/json")]
            arguments += ["--stateless-url", url("/stateless"), "--sse-url", url("/legacy/sse")]
            arguments += ["--events-url", url("/events")]
        }
        return others.isEmpty ? arguments : arguments + ["--node"] + others
    }
}

/// One case of one book, as an argument of a test.
struct CaseID: Sendable, CustomStringConvertible {
    var book: CaseBook
    var name: String

    var description: String { "\(book) \(name)" }

    static func all(over topology: Topology) -> [CaseID] {
        CaseBook.allCases.flatMap { book in book.names(over: topology).map { CaseID(book: book, name: $0) } }
    }
}

/// How much is run.
enum Matrix {
    /// Every case over every topology, instead of a choice over those with a broker: `PATCHBAY_MATRIX=1`.
    static let isWhole = ProcessInfo.processInfo.environment["PATCHBAY_MATRIX"] == "1"
}
