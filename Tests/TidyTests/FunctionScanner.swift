// Finds the functions of a Swift file by counting brackets in its blanked code: `func`, `init`, `deinit` and
// `subscript` with a body. Good enough to measure their length, and no more.

/// A walk over blanked code.
struct FunctionScanner {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var functions: [SwiftFile.Function] = []

    /// Keywords that cannot stand between a function's name and its body: what was found has none.
    private static let starts: Set<String> = [
        "func", "init", "deinit", "subscript", "var", "let", "case", "static", "mutating", "associatedtype",
        "typealias", "struct", "class", "enum", "extension", "protocol", "public", "private", "internal",
    ]

    static func functions(in blanked: [UInt8]) -> [SwiftFile.Function] {
        var scanner = FunctionScanner(bytes: blanked)
        scanner.run()
        return scanner.functions
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private mutating func run() {
        while let word = nextWord() {
            guard ["func", "init", "deinit", "subscript"].contains(word.text), !word.followsDot else { continue }
            let here = (index, line)
            let name = word.text == "func" ? nextWord()?.text ?? "" : word.text
            if let end = bodyEnd() {
                functions.append(.init(line: here.1, name: name, lineCount: end - here.1 + 1))
            }
            // Functions inside this one are found as well.
            (index, line) = here
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: byte >= 0x80
        }
    }

    private mutating func step() {
        if bytes[index] == UInt8(ascii: "\n") { line += 1 }
        index += 1
    }

    private mutating func nextWord() -> (text: String, followsDot: Bool)? {
        while index < bytes.count, !Self.isWord(bytes[index]) { step() }
        guard index < bytes.count else { return nil }
        let start = index
        while index < bytes.count, Self.isWord(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        return (text, start > 0 && bytes[start - 1] == UInt8(ascii: "."))
    }

    /// The line of the brace that closes the body which begins here, or nil if there is no body.
    private mutating func bodyEnd() -> Int? {
        var depth = 0
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "("), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "{") where depth == 0: return closingLine()
            case UInt8(ascii: "}") where depth <= 0: return nil
            default: break
            }
            if depth < 0 { return nil }
            if depth == 0, Self.isWord(byte) {
                guard let word = nextWord() else { return nil }
                if Self.starts.contains(word.text), !word.followsDot { return nil }
            } else {
                step()
            }
        }
        return nil
    }

    private mutating func closingLine() -> Int? {
        var depth = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "{") { depth += 1 }
            if bytes[index] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return line }
            }
            step()
        }
        return nil
    }
}
