// The grammar of one kind of scalar: what it looks like, how it is read, how it is written back. The kinds that the
// gateway's own keys need stand in the `ValueKind+…` files; a plugin adds kinds of its own in the same way.

/// How a scalar becomes a `Value` and back. Reading what `text` wrote gives an equal value.
public struct ValueKind<Value> {
    /// Ends the sentence "expected …": `a duration such as 30s`.
    public var expected: String
    /// Reads a scalar; throws `ValueProblem.mistyped` for another type, another `ValueProblem` for a bad value.
    public var parse: (ConfigScalar) throws(ValueProblem) -> Value
    /// Writes a value without quotes.
    public var text: (Value) -> String
    /// Written with quotes where YAML needs them.
    public var isText: Bool
    /// Never printed, even when it came from no reference.
    public var isSecret: Bool

    public init(
        expected: String, isText: Bool = false, isSecret: Bool = false,
        text: @escaping (Value) -> String,
        parse: @escaping (ConfigScalar) throws(ValueProblem) -> Value
    ) {
        self.expected = expected
        self.isText = isText
        self.isSecret = isSecret
        self.text = text
        self.parse = parse
    }

    /// A kind of text: numbers, truth values and nothing are refused unless quoted.
    public static func text(
        _ expected: String, isSecret: Bool = false, text: @escaping (Value) -> String,
        parse: @escaping (String) throws(ValueProblem) -> Value
    ) -> ValueKind {
        ValueKind(expected: expected, isText: true, isSecret: isSecret, text: text) { scalar throws(ValueProblem) in
            guard scalar.isText else { throw .mistyped }
            return try parse(scalar.text)
        }
    }
}

extension ValueKind where Value == Bool {
    /// `true` or `false`; YAML 1.1's `yes` and `on` are text.
    public static var boolean: ValueKind {
        ValueKind(expected: "true or false", text: { "\($0)" }) { scalar throws(ValueProblem) in
            guard scalar.form == .boolean || scalar.form == .any else { throw .mistyped }
            switch scalar.text {
            case "true", "True", "TRUE": return true
            case "false", "False", "FALSE": return false
            default: throw .mistyped
            }
        }
    }
}

extension ValueKind where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
    /// One of a type's raw values.
    public static var choice: ValueKind {
        let words = Value.allCases.map(\.rawValue)
        return .word(from: words, text: { $0.rawValue }) { Value(rawValue: $0) }
    }
}

extension ValueKind {
    /// One of some words; the message for another word lists them and suggests the nearest.
    static func word(
        from words: [String], text: @escaping (Value) -> String, parse: @escaping (String) -> Value?
    ) -> ValueKind {
        let list = words.joined(separator: ", ")
        return ValueKind(expected: "one of \(list)", text: text) { scalar throws(ValueProblem) in
            guard scalar.form != .null, scalar.form != .number else { throw .mistyped }
            if let value = parse(scalar.text) { return value }
            let near = scalar.references.isEmpty ? Suggestion.nearest(to: scalar.text, among: words) : nil
            let advice = near.map { "; did you mean '\($0)'?" } ?? ""
            throw ValueProblem(words.count == 1 ? "must be \(list)\(advice)" : "is not one of \(list)\(advice)")
        }
    }
}
