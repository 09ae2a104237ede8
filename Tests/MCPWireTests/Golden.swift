// Golden files lie in `Golden/` beside the tests. A test renders its lines and compares them with the file; set
// UPDATE_GOLDEN=1 to write the files anew, and read the diff before you keep it.

import Foundation
import Testing

enum Golden {
    /// Compares lines with a golden file, one expectation per line that differs.
    static func expect(_ lines: [String], file name: String, at location: SourceLocation = #_sourceLocation) throws {
        let text = lines.joined(separator: "\n") + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Golden")
            try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
            return
        }
        let stored = try Resources.bytes("Golden/\(name)")
        let wanted = String(decoding: stored, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        let found = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(found.count == wanted.count, "number of lines of \(name)", sourceLocation: location)
        for (line, pair) in zip(found, wanted).enumerated() where pair.0 != pair.1 {
            #expect(pair.0 == pair.1, "\(name), line \(line + 1)", sourceLocation: location)
        }
    }
}

extension Golden {
    /// A text in quotes with everything but printable ASCII written out.
    static func ascii(_ text: String) -> String {
        "\"" + text.unicodeScalars.map { $0.escaped(asASCII: true) }.joined() + "\""
    }
}

enum Resources {
    static func bytes(_ path: String) throws -> [UInt8] {
        let root = try #require(Bundle.module.resourceURL)
        return Array(try Data(contentsOf: root.appendingPathComponent(path)))
    }

    /// Paths of all example files, `folder/file.json`, sorted.
    static func examples() throws -> [String] {
        let root = try #require(Bundle.module.resourceURL).appendingPathComponent("Schema/2026-07-28")
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
        return try folders.flatMap { folder in
            let path = root.appendingPathComponent(folder).path
            return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map { "\(folder)/\($0)" }
        }
    }

    static func example(_ path: String) throws -> [UInt8] { try bytes("Schema/2026-07-28/\(path)") }
}
