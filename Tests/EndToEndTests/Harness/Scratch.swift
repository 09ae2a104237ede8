// The folder for everything that the tests write: configurations, tallies, certificates. One per run; the Guardian
// removes it at the end.
import Foundation
import Synchronization

enum Scratch {
    static let folder: URL = {
        let name = "patchbay-tests-\(UUID().uuidString.prefix(8))"
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(name)
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }()

    private static let counter = Atomic<Int>(0)

    /// A path that nothing else uses.
    static func path(_ name: String) -> String {
        let number = counter.add(1, ordering: .relaxed).newValue
        return folder.appendingPathComponent("\(number)-\(name)").path
    }

    static func write(_ text: String, as name: String) throws -> String {
        let path = path(name)
        try text.write(toFile: path, atomically: false, encoding: .utf8)
        return path
    }
}
