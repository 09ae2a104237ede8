// A second JSON parser, written for clarity: recursive, with a value for each token. The scanner is compared with it.
// It shares no code with the scanner, so that both would have to make the same mistake.

/// A value of RFC 8259 and where it stands.
struct ReferenceJSON {
    enum Kind: Equatable { case object, array, string, number(isInteger: Bool), null, bool }

    struct Member {
        /// The decoded name as UTF-8; nil for one with half of a surrogate pair.
        var name: [UInt8]?
        var value: ReferenceJSON
    }

    enum Failure: Error {
        case notJSON
        /// Nested deeper than 64 levels, or a number above 64 bytes.
        case limit
    }

    var kind: Kind
    var range: Range<Int>
    var members: [Member] = []
    var elements: [ReferenceJSON] = []
}

struct ReferenceParser {
    let bytes: [UInt8]
    private var at = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The whole text as one value.
    static func parse(_ bytes: [UInt8]) throws(ReferenceJSON.Failure) -> ReferenceJSON {
        var parser = ReferenceParser(bytes)
        let value = try parser.value(depth: 0)
        guard parser.at == bytes.count else { throw .notJSON }
        return value
    }

    /// The decoded contents of a string value; as far as half of a surrogate pair when it holds one.
    static func contents(of value: ReferenceJSON, in bytes: [UInt8]) throws(ReferenceJSON.Failure) -> [UInt8] {
        var raw = Array(bytes[value.range])
        while true {
            var parser = ReferenceParser(raw)
            if let contents = try parser.string() { return contents }
            guard let escape = raw.lastIndex(of: UInt8(ascii: "\\")) else { throw .notJSON }
            raw = raw[..<escape] + [UInt8(ascii: "\"")]
        }
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func space() {
        while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
    }

    private mutating func take(_ text: String) -> Bool {
        guard bytes[at...].starts(with: text.utf8) else { return false }
        at += text.utf8.count
        return true
    }

    /// One value with the white space around it.
    private mutating func value(depth: Int) throws(ReferenceJSON.Failure) -> ReferenceJSON {
        space()
        let start = at
        var value = ReferenceJSON(kind: .null, range: start..<start)
        switch next ?? 0 {
        case UInt8(ascii: "{"): (value.kind, value.members) = (.object, try object(depth: depth + 1))
        case UInt8(ascii: "["): (value.kind, value.elements) = (.array, try array(depth: depth + 1))
        case UInt8(ascii: "\""):
            value.kind = .string
            _ = try string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): value.kind = try number()
        default:
            value.kind = take("null") ? .null : .bool
            guard value.kind == .null || take("true") || take("false") else { throw .notJSON }
        }
        value.range = start..<at
        space()
        return value
    }

    private mutating func object(depth: Int) throws(ReferenceJSON.Failure) -> [ReferenceJSON.Member] {
        guard depth <= 64 else { throw .limit }
        at += 1
        space()
        if take("}") { return [] }
        var members: [ReferenceJSON.Member] = []
        while true {
            space()
            guard next == UInt8(ascii: "\"") else { throw .notJSON }
            let name = try string()
            space()
            guard take(":") else { throw .notJSON }
            members.append(ReferenceJSON.Member(name: name, value: try value(depth: depth)))
            if take("}") { return members }
            guard take(",") else { throw .notJSON }
        }
    }

    private mutating func array(depth: Int) throws(ReferenceJSON.Failure) -> [ReferenceJSON] {
        guard depth <= 64 else { throw .limit }
        at += 1
        space()
        if take("]") { return [] }
        var elements: [ReferenceJSON] = []
        while true {
            elements.append(try value(depth: depth))
            if take("]") { return elements }
            guard take(",") else { throw .notJSON }
        }
    }

    private mutating func number() throws(ReferenceJSON.Failure) -> ReferenceJSON.Kind {
        let start = at
        _ = take("-")
        if !take("0") { try digits() }
        var isInteger = true
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            try digits()
        }
        guard at - start <= 64 else { throw .limit }
        return .number(isInteger: isInteger)
    }

    private mutating func digits() throws(ReferenceJSON.Failure) {
        let start = at
        while let byte = next, byte >= 0x30, byte <= 0x39 { at += 1 }
        guard at > start else { throw .notJSON }
    }

    /// The decoded contents, or nil when half of a surrogate pair is among them.
    private mutating func string() throws(ReferenceJSON.Failure) -> [UInt8]? {
        at += 1
        var units: [UInt16] = []
        var plain: [UInt8] = []
        while let byte = next, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw .notJSON }
            if byte == UInt8(ascii: "\\") {
                units += try Self.units(plain)
                plain = []
                at += 1
                units.append(try escape())
            } else {
                plain.append(byte)
                at += 1
            }
        }
        guard take("\"") else { throw .notJSON }
        units += try Self.units(plain)
        return String(validating: units, as: UTF16.self).map { Array($0.utf8) }
    }

    private static func units(_ plain: [UInt8]) throws(ReferenceJSON.Failure) -> [UInt16] {
        guard let text = String(validating: plain, as: UTF8.self) else { throw .notJSON }
        return Array(text.utf16)
    }

    private mutating func escape() throws(ReferenceJSON.Failure) -> UInt16 {
        for (letter, unit): (String, UInt16) in [
            ("\"", 0x22), ("\\", 0x5C), ("/", 0x2F), ("b", 8), ("f", 12), ("n", 10), ("r", 13), ("t", 9),
        ] where take(letter) {
            return unit
        }
        guard take("u") else { throw .notJSON }
        let digits = bytes[at...].prefix(4)
        guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit && $0 < 0x80 }),
            let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
        else { throw .notJSON }
        at += 4
        return unit
    }
}
