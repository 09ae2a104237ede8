// Event streams for the SSE reader and texts for the writer, with a plain reading of the standard as the oracle.
// The corpus is Corpora/events.
internal import Fuzzing
@testable internal import MCPChecks

@main enum Events {
    static func main() { fuzz { EventInvariants.violation($0) } }
}
