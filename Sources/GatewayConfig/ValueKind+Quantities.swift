// Numbers, durations and sizes: whole numbers with a unit where there is one, a range always. No fractions, no
// combined units (`90m`, not `1h30m`), so that there is one way to write a value.

extension ValueKind where Value == Int {
    /// Sessions and running calls that an instance is made for.
    static var capacity: ValueKind { integer(in: 1...1_000_000) }

    /// A whole number in decimal digits.
    public static func integer(in range: ClosedRange<Int>) -> ValueKind {
        ValueKind(expected: "a whole number", text: { "\($0)" }) { scalar throws(ValueProblem) in
            guard scalar.form == .number || scalar.form == .any else { throw .mistyped }
            let isWhole = scalar.text.utf8.dropFirst(scalar.text.hasPrefix("-") ? 1 : 0).allSatisfy(\.isDigit)
            guard isWhole, !scalar.text.isEmpty else { throw .mistyped }
            guard let value = Int(scalar.text), range.contains(value) else {
                throw ValueProblem("is out of range; allowed are \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
    }

    /// Bytes: a whole number, or one with `B`, `KiB`, `MiB` or `GiB`.
    public static func size(in range: ClosedRange<Int>) -> ValueKind {
        let expected = "a size such as 64KiB, 4MiB or a number of bytes"
        return ValueKind(expected: expected, text: Quantity.size) { scalar throws(ValueProblem) in
            guard scalar.form != .null, scalar.form != .boolean else { throw .mistyped }
            guard let quantity = Quantity(scalar.text) else { throw .mistyped }
            guard let unit = Quantity.sizes.first(where: { $0.name == quantity.unit })?.bytes else {
                throw ValueProblem("has an unknown unit; use B, KiB, MiB or GiB, powers of 1024")
            }
            let (bytes, overflow) = quantity.count.multipliedReportingOverflow(by: unit)
            guard !overflow, range.contains(bytes) else {
                let (low, high) = (Quantity.size(range.lowerBound), Quantity.size(range.upperBound))
                throw ValueProblem("is out of range; allowed are \(low) to \(high)")
            }
            return bytes
        }
    }
}

extension ValueKind where Value == Duration {
    /// A whole number with `ms`, `s`, `m` or `h`. The unit is never left out, not even for 0.
    public static func duration(from shortest: Duration, to longest: Duration) -> ValueKind {
        let expected = "a duration such as 500ms, 30s, 5m or 1h"
        return ValueKind(expected: expected, text: Quantity.duration) { scalar throws(ValueProblem) in
            guard scalar.form == .text || scalar.form == .any, let quantity = Quantity(scalar.text) else {
                throw .mistyped
            }
            guard let unit = Quantity.durations.first(where: { $0.name == quantity.unit })?.milliseconds else {
                throw quantity.unit.isEmpty
                    ? ValueProblem.mistyped : ValueProblem("has an unknown unit; use ms, s, m or h, such as 30s")
            }
            let (milliseconds, overflow) = quantity.count.multipliedReportingOverflow(by: unit)
            let value = Duration.milliseconds(overflow ? Int.max : milliseconds)
            guard !overflow, value >= shortest, value <= longest else {
                let (low, high) = (Quantity.duration(shortest), Quantity.duration(longest))
                throw ValueProblem("is out of range; allowed are \(low) to \(high)")
            }
            return value
        }
    }
}

/// Decimal digits and what follows them.
struct Quantity {
    static let sizes: [(name: String, bytes: Int)] =
        [("", 1), ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)]
    static let durations: [(name: String, milliseconds: Int)] =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]

    var count: Int
    var unit: String

    init?(_ text: String) {
        let digits = text.utf8.prefix { $0.isDigit }
        guard !digits.isEmpty else { return nil }
        // More digits than an `Int` holds are out of every range.
        count = Int(Substring(digits)) ?? Int.max
        unit = String(text[digits.endIndex...])
    }

    /// In the largest unit that divides it.
    static func size(_ bytes: Int) -> String {
        let unit = sizes.last { bytes != 0 && bytes % $0.bytes == 0 && $0.name != "B" } ?? sizes[0]
        return "\(bytes / unit.bytes)\(unit.name)"
    }

    /// In the largest unit that divides it; parts of a millisecond are dropped.
    static func duration(_ value: Duration) -> String {
        let milliseconds = value.wholeMilliseconds
        guard milliseconds != 0 else { return "0s" }
        let unit = durations.last { milliseconds % $0.milliseconds == 0 } ?? durations[0]
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}

extension Duration {
    /// Capped at what an `Int` holds.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? Int.max : Int(whole + attoseconds / 1_000_000_000_000_000)
    }
}
