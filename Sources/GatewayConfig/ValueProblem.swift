// Why one value was refused, in words that follow the value's name. Parsers throw it; `ConfigNode` adds the key and
// the position and makes a diagnostic of it.

/// The reason why a value cannot be used.
public struct ValueProblem: Error, Sendable, Equatable {
    /// A predicate such as "has no port; write HOST:PORT". It follows the key and the value in a message, so it
    /// does not repeat them.
    public var predicate: String
    /// The value holds something that must not be shown, such as a password in a URL.
    public var hidesValue: Bool
    /// The value is of another type than the key needs; the message then says what was expected instead.
    var isMistyped = false

    public init(_ predicate: String, hidesValue: Bool = false) {
        self.predicate = predicate
        self.hidesValue = hidesValue
    }

    /// The value is of the wrong type; the message says what the kind expects and what was found.
    public static var mistyped: ValueProblem {
        var problem = ValueProblem("has the wrong type")
        problem.isMistyped = true
        return problem
    }
}
