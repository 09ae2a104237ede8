// Replays the fuzzing corpora of this target: every file that once was interesting must still keep the invariants.
// `Tests/Fuzz/run.sh` finds new ones.
import Foundation
import Testing

@Suite struct CorpusReplayTests {
    /// The files of one corpus; an empty corpus would prove nothing.
    private func corpus(_ name: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Fuzz/Corpora/\(name)")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { !$0.lastPathComponent.hasPrefix(".") }
        try #require(files.count >= 10, "the corpus '\(name)' has lost its files")
        return try files.map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    @Test func requests() throws {
        var accepted = 0
        for file in try corpus("requests") {
            #expect(StreamInvariants.violation(.requests, file.bytes) == nil, "\(file.name)")
            if !WireReader.read(.requests, file.bytes).messages.isEmpty { accepted += 1 }
        }
        #expect(accepted > 5, "hardly a file is a request")
    }

    @Test func answers() throws {
        var accepted = 0
        for file in try corpus("answers") {
            #expect(StreamInvariants.violation(.answers, file.bytes) == nil, "\(file.name)")
            if !WireReader.read(.answers, file.bytes).messages.isEmpty { accepted += 1 }
        }
        #expect(accepted > 5, "hardly a file is an answer")
    }

    @Test func chunks() throws {
        for file in try corpus("chunks") {
            #expect(StreamInvariants.chunkViolation(file.bytes) == nil, "\(file.name)")
        }
    }
}
