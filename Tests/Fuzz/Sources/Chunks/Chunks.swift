// The bytes of a chunked body, with NIOHTTP1 as the oracle.
// The corpus is Corpora/chunks.
internal import Fuzzing
@testable internal import HTTPChecks

@main enum Chunks {
    static func main() { fuzz { StreamInvariants.chunkViolation($0) } }
}
