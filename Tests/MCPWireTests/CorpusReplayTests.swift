// Replays the fuzzing corpora of this target: every file that once was interesting must still keep the invariants.
// `Tests/Fuzz/run.sh` finds new ones.
import Foundation
import MCPWire
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

    @Test func messages() throws {
        var accepted = 0
        for file in try corpus("messages") {
            #expect(MessageInvariants.violation(file.bytes) == nil, "\(file.name)")
            if refusal(file.bytes) == nil { accepted += 1 }
        }
        #expect(accepted > 5, "hardly a file is a message")
    }

    @Test func events() throws {
        var events = 0
        for file in try corpus("events") {
            #expect(EventInvariants.violation(file.bytes) == nil, "\(file.name)")
            events += EventInvariants.reference(file.bytes).count
        }
        #expect(events > 20, "hardly a file holds events")
    }

    /// The invariants hold for the tables of the other tests too, which shows that they are not too strict.
    @Test func tables() throws {
        for stream in EventScannerTests.streams {
            #expect(EventInvariants.violation(Array(stream.utf8)) == nil, "\(Golden.ascii(stream))")
        }
        for bytes in try MutationTests.seeds() {
            #expect(MessageInvariants.violation(bytes) == nil, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
