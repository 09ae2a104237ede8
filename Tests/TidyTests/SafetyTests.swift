// What must not stand in the product: traps that bytes from outside could reach, and notes to oneself.
import Testing

enum Safety {
    /// `x!`, `f()!`, `a[0]!`, `Int!`: an exclamation mark right behind a value, not part of `!=`.
    static func hasForceUnwrap(_ code: String) -> Bool {
        let bytes = Array(code.utf8)
        for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "!") && index > 0 {
            if index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "=") { continue }
            switch bytes[index - 1] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ")"), UInt8(ascii: "]"),
                UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "?"):
                return true
            default: continue
            }
        }
        return false
    }

    static func traps(_ file: SwiftFile) -> [Violation] {
        file.code.enumerated().flatMap { index, line -> [Violation] in
            var found: [String] = []
            if hasForceUnwrap(line) { found.append("a forced try, cast or unwrap") }
            if line.identifiers.contains("fatalError") { found.append("fatalError") }
            if line.contains("unowned(unsafe)") || line.identifiers.contains("unsafeBitCast") {
                found.append("an unsafe reference or cast")
            }
            return found.map { Violation(path: file.file.path, line: index + 1, text: $0) }
        }
    }

    /// Put together here so that this file does not find itself.
    static let notes = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]

    static func notes(_ file: TextFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            line.identifiers.filter { notes.contains($0) }.map {
                Violation(path: file.path, line: index + 1, text: "\($0): do it, or open an issue")
            }
        }
    }
}

@Suite("Safety")
struct SafetyTests {
    @Test("No forced try, cast or unwrap and no fatalError in the product")
    func traps() { report(Project.productFiles.flatMap(Safety.traps)) }

    @Test("No notes to oneself")
    func notes() { report(Project.files.filter(\.isOwn).flatMap(Safety.notes)) }
}
