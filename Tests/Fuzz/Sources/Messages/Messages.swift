// Bodies for the message scanner, with a second parser and a second set of rules as the oracle.
// The corpus is Corpora/messages.
internal import Fuzzing
@testable internal import MCPChecks

@main enum Messages {
    static func main() { fuzz { MessageInvariants.violation($0) } }
}
