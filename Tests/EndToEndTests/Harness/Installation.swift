// Where things are: the gateway's binary, the Python environments that `deploy/quickstart/setup.sh` makes, the test
// servers and clients.
import Foundation

enum Installation {
    /// The project's root, from the place of this very file.
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The gateway that is tested: `PATCHBAY_BIN`, or the one that was built beside the tests.
    static func gateway() throws -> String {
        let chosen = ProcessInfo.processInfo.environment["PATCHBAY_BIN"]
        let built = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            .deletingLastPathComponent().appendingPathComponent("patchbay").path
        return try existing(chosen ?? built, hint: "build the product patchbay, or set PATCHBAY_BIN")
    }

    /// The interpreter of one SDK version's environment.
    static func python(_ version: String) throws -> String {
        try existing(
            root.appendingPathComponent(".venvs/mcp-\(version)/bin/python").path,
            hint: "run deploy/quickstart/setup.sh test")
    }

    /// A file in this target's folder.
    static func file(_ path: String) -> String {
        root.appendingPathComponent("Tests/EndToEndTests/\(path)").path
    }

    private static func existing(_ path: String, hint: String) throws -> String {
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Overdue(description: "there is no program at \(path): \(hint)")
        }
        return path
    }
}
