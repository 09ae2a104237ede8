// Replays the fuzzing corpus of sealed tokens: every file that once was interesting must still keep the invariants.
// `Tests/Fuzz/run.sh` finds new ones.
import Foundation
import Testing

@Suite struct CorpusReplayTests {
    @Test func tokens() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/Corpora/tokens")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { !$0.lastPathComponent.hasPrefix(".") }
        // An empty corpus would prove nothing.
        try #require(files.count >= 10, "the corpus 'tokens' has lost its files")
        let invariants = try TokenInvariants()
        for file in files {
            let bytes = Array(try Data(contentsOf: file))
            #expect(invariants.violation(bytes) == nil, "\(file.lastPathComponent)")
        }
    }
}
