// What a client sends: heads, bodies and pipelines of requests, with NIOHTTP1 as the oracle.
// The corpus is Corpora/requests.
internal import Fuzzing
@testable internal import HTTPChecks

@main enum Requests {
    static func main() { fuzz { StreamInvariants.violation(.requests, $0) } }
}
