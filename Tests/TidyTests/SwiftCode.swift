// Swift source with comments and the contents of string literals replaced by spaces, line by line, so that the rules
// can look for words and braces without being fooled by text. It is a scanner, not a parser: a regex literal with a
// quote in it would fool it.

/// The code of a Swift file without its comments and texts.
struct SwiftCode {
    private var bytes: [UInt8]
    private var index = 0

    /// The code of `source`: as many bytes, as many lines.
    static func blanked(_ source: [UInt8]) -> [UInt8] {
        var code = SwiftCode(bytes: source)
        code.skipCode(inInterpolation: false)
        return code.bytes
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ offset: Int = 0) -> UInt8 { index + offset < bytes.count ? bytes[index + offset] : 0 }

    private func starts(with text: String) -> Bool { bytes[index...].starts(with: text.utf8) }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where index < bytes.count {
            if bytes[index] != UInt8(ascii: "\n") { bytes[index] = UInt8(ascii: " ") }
            index += 1
        }
    }

    private mutating func skipCode(inInterpolation: Bool) {
        var depth = 0
        while index < bytes.count {
            switch byte() {
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"): blankLine()
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): blankBlock()
            case UInt8(ascii: "\""): blankString(hashes: 0)
            case UInt8(ascii: "#"):
                let hashes = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
                index += hashes
                if byte() == UInt8(ascii: "\"") { blankString(hashes: hashes) }
            case UInt8(ascii: "("):
                depth += 1
                index += 1
            case UInt8(ascii: ")"):
                index += 1
                if inInterpolation, depth == 0 { return }
                depth -= 1
            default: index += 1
            }
        }
    }

    private mutating func blankLine() { while index < bytes.count, byte() != UInt8(ascii: "\n") { blank() } }

    private mutating func blankBlock() {
        var depth = 0
        while index < bytes.count {
            if starts(with: "/*") {
                depth += 1
                blank(2)
            } else if starts(with: "*/") {
                depth -= 1
                blank(2)
                if depth == 0 { return }
            } else {
                blank()
            }
        }
    }

    /// Keeps the quotes and the code of interpolations.
    private mutating func blankString(hashes: Int) {
        let fence = String(repeating: "#", count: hashes)
        let isMultiline = starts(with: "\"\"\"")
        let quotes = isMultiline ? "\"\"\"" : "\""
        index += quotes.utf8.count
        while index < bytes.count {
            if starts(with: quotes + fence) {
                index += quotes.utf8.count + hashes
                return
            }
            if !isMultiline, byte() == UInt8(ascii: "\n") { return }
            guard starts(with: "\\" + fence) else {
                blank()
                continue
            }
            blank(1 + hashes)
            if byte() == UInt8(ascii: "(") {
                index += 1
                skipCode(inInterpolation: true)
            } else {
                blank()
            }
        }
    }
}
