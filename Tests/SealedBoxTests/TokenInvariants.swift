// What must hold for every sealed token and every text that claims to be one. The fuzz target stops at the first
// violation, and the corpus test checks the same for each file.
import SealedBox

struct TokenInvariants {
    private static let context: StaticString = "session"
    private let current: Sealer
    /// Opens what `current` sealed, but seals with the next secret.
    private let rotating: Sealer
    private let other: Sealer

    init() throws {
        let keys = (1...3).map { SealingKey(secret: "a secret of the fuzz targets, number \($0)".utf8) }
        current = try Sealer(keys: [keys[0]])
        rotating = try Sealer(keys: [keys[1], keys[0]])
        other = try Sealer(keys: [keys[2]])
    }

    /// The first invariant that the input breaks, or nil.
    ///
    /// The input is read three times: as a token, which nobody can have sealed; as base64url; and as a recipe that says
    /// what to seal and how to tamper with it.
    func violation(_ input: [UInt8]) -> String? {
        for sealer in [current, rotating, other] where open(input, sealer) != nil { return "a forged token opens" }
        return base64Violation(input) ?? recipeViolation(input)
    }

    // MARK: Tokens

    private func open(_ token: [UInt8], _ sealer: Sealer, context: StaticString = Self.context) -> [UInt8]? {
        exactly(token) { sealer.open($0, context: context) }
    }

    private func recipeViolation(_ input: [UInt8]) -> String? {
        let plaintext = Array(input.dropFirst(4))
        let token = exactly(plaintext) { current.seal($0, context: Self.context) }
        if token.count != Sealer.sealedCount(plaintextCount: plaintext.count) { return "another size than announced" }
        if open(token, current) != plaintext { return "a token does not open to what was sealed" }
        if open(token, rotating) != plaintext { return "a token does not open while the secret is rotated" }
        if open(token, other) != nil { return "a token opens with another key" }
        if open(token, current, context: "event") != nil { return "a token opens for another purpose" }
        let tampered = tamper(token, input.prefix(4), plaintext)
        if tampered != token, open(tampered, current) != nil || open(tampered, rotating) != nil {
            return "a tampered token opens"
        }
        return nil
    }

    /// Changes a token as four bytes say: how, and where.
    private func tamper(_ token: [UInt8], _ recipe: ArraySlice<UInt8>, _ rest: [UInt8]) -> [UInt8] {
        let recipe = Array(recipe) + [0, 0, 0, 0]
        var token = token
        let at = (Int(recipe[1]) << 8 | Int(recipe[2])) % token.count
        switch recipe[0] % 8 {
        case 0: token[at] ^= recipe[3]
        case 1: token.removeSubrange(at...)
        case 2: token.removeSubrange(..<at)
        case 3: token.insert(recipe[3], at: at)
        case 4: token.remove(at: at)
        case 5: token += rest
        case 6: token.swapAt(at, Int(recipe[3]) % token.count)
        default: token.replaceSubrange(0..<min(token.count, rest.count), with: rest.prefix(token.count))
        }
        return token
    }

    // MARK: Base64url

    /// Each byte string has one spelling: what decodes encodes to the same letters.
    private func base64Violation(_ input: [UInt8]) -> String? {
        var letters: [UInt8] = []
        exactly(input) { Base64URL.encode($0, into: &letters) }
        if letters.count != Base64URL.encodedCount(input.count) { return "another number of letters than announced" }
        if exactly(letters, { Base64URL.decode($0) }) != input { return "letters do not decode to what was encoded" }
        guard let decoded = exactly(input, { Base64URL.decode($0) }) else { return nil }
        var again: [UInt8] = []
        exactly(decoded) { Base64URL.encode($0, into: &again) }
        return again == input ? nil : "two spellings of the same bytes"
    }

    /// Runs a closure on a copy of the bytes in an allocation without slack, so that the address sanitizer sees a read
    /// beyond.
    private func exactly<Result>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        defer { copy.deallocate() }
        copy.copyBytes(from: bytes)
        return body(UnsafeRawBufferPointer(copy))
    }
}
