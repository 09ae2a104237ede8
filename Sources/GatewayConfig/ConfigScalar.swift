// One scalar as a value reader sees it: the text after `${…}` was filled in, what YAML would take it for, and how a
// diagnostic may quote it. Made by `ConfigNode`, read by `ValueKind`s.

/// A scalar of a configuration, with its references already resolved.
public struct ConfigScalar: Sendable {
    /// How the scalar was written, which decides what types it may have.
    public enum Style: Sendable {
        /// Bare words: `true` is a truth value, `5` a number, `null` nothing, everything else text.
        case plain
        /// Quoted, so text whatever it looks like.
        case quoted
        /// Taken as it is, without references, for any type: flags and environment variables.
        case untyped
    }

    /// What a scalar is by YAML 1.2's core schema.
    public enum Form: Sendable {
        case null
        case boolean
        case number
        case text
        /// A flag, a variable or a `${…}`: whatever the reader needs.
        case any
    }

    public let text: String
    public let form: Form
    /// How messages name the value: quoted and shortened, or as it was written when it came from a reference.
    public let shown: String
    /// The references in it, such as `${env:NAME}`. A value that has any is never printed.
    public let references: [String]
    /// The whole value is one reference.
    public let isOneReference: Bool

    init(written: String, style: Style, resolved: ResolvedText) {
        text = resolved.text
        references = resolved.references
        isOneReference = resolved.isOneReference
        if style == .untyped || !resolved.references.isEmpty {
            form = .any
        } else {
            form = style == .quoted ? .text : Self.form(ofPlain: resolved.text)
        }
        shown = resolved.references.isEmpty ? Self.quoted(resolved.text) : Self.shortened(Self.hidden(written))
    }

    /// Whether the value can be text: neither a number, a truth value nor nothing, unless quoted.
    public var isText: Bool { form == .text || form == .any }

    /// How a message about a value of the wrong type names it.
    var found: String {
        switch form {
        case .null: "nothing"
        case .boolean: text
        case .number: "the number \(text)"
        case .text, .any: shown
        }
    }

    static func form(ofPlain text: String) -> Form {
        switch text {
        case "", "~", "null", "Null", "NULL": return .null
        case "true", "True", "TRUE", "false", "False", "FALSE": return .boolean
        case ".inf", "-.inf", "+.inf", ".nan": return .number
        default: break
        }
        guard let first = text.utf8.first, first.isDigit || "+-.".utf8.contains(first) else { return .text }
        return Double(text) == nil ? .text : .number
    }

    /// A text as messages quote it.
    static func quoted(_ text: String) -> String { "'\(shortened(hidden(text)))'" }

    /// What stands before the `@` of a URL is a password as often as not, and what stands in its query a key: neither
    /// is ever quoted, also where the scheme is missing or misspelt.
    static func hidden(_ text: String) -> String {
        let start = pastScheme(of: text)
        let rest = text[start...]
        let isURL = start > text.startIndex
        let query = rest.utf8.firstIndex { "?#".utf8.contains($0) }
        var shown = rest
        var end = ""
        if let query, isURL || rest[query...].utf8.contains(UInt8(ascii: "=")) {
            shown = rest[..<rest.utf8.index(after: query)]
            end = EffectiveYAML.redacted
        }
        guard let at = rest.utf8.lastIndex(of: UInt8(ascii: "@")),
            isURL || rest[..<at].utf8.contains(UInt8(ascii: ":"))
        else { return "\(text[..<start])\(shown)\(end)" }
        // A password may hold a '?', and a query an '@': then nobody knows what is what.
        let tail = at < shown.endIndex ? "\(shown[at...])\(end)" : ""
        return "\(text[..<start])\(EffectiveYAML.redacted)\(tail)"
    }

    /// Behind `SCHEME://`; the start of a text that has none.
    private static func pastScheme(of text: String) -> String.Index {
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[colon...].hasPrefix("://") else {
            return text.startIndex
        }
        return text.utf8.index(colon, offsetBy: 3)
    }

    private static func shortened(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(ConfigBounds.quotedCharacters) {
            let isControl = scalar.properties.generalCategory == .control
            result += isControl ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
        }
        return text.unicodeScalars.count > ConfigBounds.quotedCharacters ? result + "…" : result
    }
}

extension UInt8 {
    var isDigit: Bool { self >= 0x30 && self <= 0x39 }

    var isHexDigit: Bool { isDigit || (self | 0x20 >= 0x61 && self | 0x20 <= 0x66) }

    var isLetter: Bool { self | 0x20 >= 0x61 && self | 0x20 <= 0x7A }

    var isLetterOrDigit: Bool { isLetter || isDigit }
}
