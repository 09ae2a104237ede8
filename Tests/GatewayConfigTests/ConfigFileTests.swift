// The reader of real files, with real files.

import Foundation
import GatewayConfig
import Testing

@Suite struct ConfigFileTests {
    /// A file with these bytes for the time of one test.
    private func withFile<Result>(_ bytes: Data, _ body: (String) throws -> Result) throws -> Result {
        let url = FileManager.default.temporaryDirectory.appending(path: "patchbay-config-\(UUID()).yaml")
        try bytes.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try body(url.path(percentEncoded: false))
    }

    private func failure(_ path: String) -> String? {
        do {
            _ = try ConfigFile.contents(of: path)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func readsText() throws {
        let text = String(repeating: "# grüß dich\n", count: 20_000)
        #expect(try withFile(Data(text.utf8), ConfigFile.contents) == text)
        #expect(try withFile(Data(), ConfigFile.contents) == "")
    }

    @Test func saysWhyNot() throws {
        #expect(failure("/nonexistent/patchbay.yaml") == "No such file or directory")
        #expect(failure("/") == "Is a directory")
        #expect(failure("a\u{0}b") == "its name has a NUL character")
        #expect(try withFile(Data([0x61, 0xFF]), failure) == "it is not UTF-8 text")
        #expect(try withFile(Data(count: 1 << 20), failure) == nil)
        #expect(try withFile(Data(count: (1 << 20) + 1), failure) == "it is longer than 1048576 bytes")
    }

    @Test func loaderReadsFilesByItself() throws {
        let loaded = try withFile(Data(smallUpstream.utf8)) { try ConfigLoader.load(file: $0, environment: [:]) }
        #expect(loaded.configuration.upstreams.count == 1)
        let missing = #expect(throws: ConfigError.self) {
            try ConfigLoader.load(file: "/nonexistent/patchbay.yaml", environment: [:])
        }
        #expect(
            missing?.description
                == "/nonexistent/patchbay.yaml: error: the file cannot be read: No such file or directory")
    }
}
