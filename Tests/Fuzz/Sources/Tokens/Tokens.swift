// Sealed tokens: forged, tampered with, and in another spelling.
// The corpus is Corpora/tokens.
internal import Fuzzing
@testable internal import SealedBoxChecks

@main enum Tokens {
    static func main() throws {
        let invariants = try TokenInvariants()
        fuzz { invariants.violation($0) }
    }
}
