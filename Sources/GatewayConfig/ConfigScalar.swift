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
        shown = resolved.references.isEmpty ? Self.quoted(resolved.text) : Self.shortened(written)
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

    /// What stands before the `@` of a URL is a password as often as not, and is never quoted.
    static func quoted(_ text: String) -> String {
        guard let start = text.utf8.firstIndex(of: UInt8(ascii: ":")), text[start...].hasPrefix("://"),
            let end = text.utf8.lastIndex(of: UInt8(ascii: "@")), start < end
        else { return "'\(shortened(text))'" }
        return "'\(shortened("\(text[..<start])://\(EffectiveYAML.redacted)\(text[end...])"))'"
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
