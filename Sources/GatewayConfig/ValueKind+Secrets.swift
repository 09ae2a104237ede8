// The secret of nodes and attachments. Whoever records what nodes say to each other can try guesses for as long as he
// likes, so a secret must come from a random generator; what plainly does not is refused here.

extension ValueKind where Value == String {
    /// A key for sealed ids. Only ever by reference: a secret in a file that is versioned is none.
    static var secret: ValueKind {
        let expected = "${env:NAME} or ${file:PATH}"
        let text = { (secret: String) in secret }
        return ValueKind(expected: expected, isText: true, isSecret: true, text: text) { scalar throws(ValueProblem) in
            guard scalar.isOneReference else {
                let advice = "write ${env:NAME} or ${file:PATH} instead, and nothing around it"
                throw ValueProblem("holds the secret itself; \(advice)", hidesValue: true)
            }
            return try SecretStrength.checked(scalar.text)
        }
    }

    /// A key as it stands in a variable of the environment.
    static var plainSecret: ValueKind {
        .text("a secret", isSecret: true, text: \.self) { text throws(ValueProblem) in
            try SecretStrength.checked(text)
        }
    }
}

/// What a secret must have at least. None of it makes a secret good: only a random generator does.
enum SecretStrength {
    /// Characters. So many of base64 hold 192 bits.
    static let charactersMin = 32
    /// Different bytes. 32 random hexadecimal digits have fewer in one of 20 million cases.
    static let differentBytesMin = 8

    private static let advice =
        "at least \(charactersMin) characters from a random generator are needed:"
            + " `openssl rand -base64 32` makes a good one"

    /// The secret as it is.
    static func checked(_ secret: String) throws(ValueProblem) -> String {
        let length = secret.unicodeScalars.count
        guard length >= charactersMin else { throw ValueProblem("is \(length) characters long; \(advice)") }
        let bytes = Array(secret.utf8)
        let different = Set(bytes).count
        guard different >= differentBytesMin else {
            throw ValueProblem("consists of only \(different) different characters; \(advice)")
        }
        guard period(of: bytes) > bytes.count / 2 else {
            throw ValueProblem("is a shorter text that repeats; \(advice)")
        }
        return secret
    }

    /// After how many bytes a text begins anew until its end, which may cut the last time short; its length if it does
    /// not. In one pass (Knuth, Morris and Pratt), since a file may be long.
    private static func period(of bytes: [UInt8]) -> Int {
        var borders = [0]
        for byte in bytes.dropFirst() {
            var border = borders[borders.count - 1]
            while border > 0, bytes[border] != byte { border = borders[border - 1] }
            borders.append(bytes[border] == byte ? border + 1 : 0)
        }
        return bytes.count - borders[borders.count - 1]
    }
}
