// One file of the project as the house rules see it: its place, its bytes, its lines. `Project` makes them; the rules
// read them. Nothing here knows a rule.
import Foundation

/// A text file of the project.
struct TextFile: Sendable {
    /// Relative to the project's root, with `/`.
    let path: String
    let bytes: [UInt8]
    /// Split at line feeds only: `"\r\n"` is one Swift `Character` and would hide them.
    let lines: [String]

    init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        var parts = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if parts.last?.isEmpty == true { parts.removeLast() }
        lines = parts.map { String(decoding: $0, as: UTF8.self) }
    }

    init(path: String, _ text: String) { self.init(path: path, bytes: Array(text.utf8)) }

    /// The last part of the path.
    var name: String { String(path.split(separator: "/").last ?? "") }

    /// The name without what follows its first dot, and without `+Topic`.
    var stem: String {
        let stem = name.prefix { $0 != "." }
        return String(stem.prefix { $0 != "+" })
    }

    /// What follows the last dot of the name; empty when there is none.
    var kind: String {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return String(name[name.index(after: dot)...])
    }

    var isSwift: Bool { kind == "swift" }

    /// Part of the product, not of its tests.
    var isProduct: Bool { path.hasPrefix("Sources/") || path.hasPrefix("Plugins/") }

    /// Written by hand for this project: not an official example, not a golden file, not a fuzz corpus.
    var isOwn: Bool {
        let foreign = ["/Schema/", "/Golden/", "/Corpora/", "/locks/"]
        return !foreign.contains { path.contains($0) }
    }

    /// Source code in any of the languages used here.
    var isCode: Bool { isOwn && ["swift", "py", "c", "h", "sh", "lua"].contains(kind) }
}
