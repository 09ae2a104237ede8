// What an instance sends: heads and bodies of answers, with NIOHTTP1 as the oracle.
// The corpus is Corpora/answers.
internal import Fuzzing
@testable internal import HTTPChecks

@main enum Answers {
    static func main() { fuzz { StreamInvariants.violation(.answers, $0) } }
}
