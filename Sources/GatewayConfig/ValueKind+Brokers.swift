// Texts that go to a broker: names of what is ours there, passwords and tokens. Good for every broker, so that a
// configuration can change from one to another.

extension ValueKind where Value == String {
    /// A name of ours at a broker: no separator of any broker's subjects, keys or streams.
    static func brokerName(atMost count: Int) -> ValueKind {
        .text("a name such as patchbay", text: \.self) { text throws(ValueProblem) in
            let isName = (1...count).contains(text.utf8.count)
                && text.utf8.allSatisfy { $0.isLetterOrDigit || "_-".utf8.contains($0) }
            guard isName else {
                throw ValueProblem("is no name for a broker; use 1 to \(count) letters, digits, '_' and '-'")
            }
            return text
        }
    }

    /// A password or token of a broker. Only ever by reference, like our own secret.
    static var brokerSecret: ValueKind {
        let text = { (secret: String) in secret }
        return ValueKind(
            expected: "${env:NAME} or ${file:PATH}", isText: true, isSecret: true, text: text
        ) { scalar throws(ValueProblem) in
            guard scalar.isOneReference else {
                let advice = "write ${env:NAME} or ${file:PATH} instead, and nothing around it"
                throw ValueProblem("holds the secret itself; \(advice)", hidesValue: true)
            }
            guard !scalar.text.isEmpty else { throw ValueProblem("is empty") }
            guard scalar.text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw ValueProblem("has a control character")
            }
            return scalar.text
        }
    }
}
