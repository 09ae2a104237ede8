// A disk that a test can fill: a tmpfs of a few MiB in a mount namespace of its own. Nothing is mounted where others
// see it, and no rights are needed where users may make namespaces.
import Foundation

/// Some MiB of room for one server's files, which outlive the server and not the test.
public final class SmallDisk: Sendable {
    /// False where namespaces are forbidden, as in many containers.
    public static let isPossible = (try? SmallDisk(mebibytes: 1)) != nil

    private static let script = """
        mkdir "$1/disk" && mount -t tmpfs -o "size=$2m" none "$1/disk" && touch "$1/ready" && exec sleep infinity
        """

    /// Holds the namespace.
    private let holder: ServerProgram

    public init(mebibytes: Int) throws {
        holder = try ServerProgram("/usr/bin/unshare")
        let ready = holder.folder.appendingPathComponent("ready").path
        try holder.start(
            [
                "--user", "--map-root-user", "--mount", "/bin/sh", "-c", Self.script, "disk", holder.folder.path,
                "\(mebibytes)",
            ]) { _ in FileManager.default.fileExists(atPath: ready) }
    }

    /// Where it is for programs that run inside.
    public var path: String { holder.folder.path + "/disk" }

    /// Where it is for this process.
    public var outside: URL { URL(fileURLWithPath: "/proc/\(holder.child ?? 0)/root\(path)") }

    /// What is to be run instead of a program, so that it runs inside.
    func entrance(_ executable: String) -> [String] {
        [
            "/usr/bin/nsenter", "--user", "--mount", "--preserve-credentials", "--target", "\(holder.child ?? 0)",
            executable,
        ]
    }

    private var filler: URL { outside.appendingPathComponent("filler") }

    /// Leaves no room, to the last half KiB.
    public func fill() throws {
        guard FileManager.default.createFile(atPath: filler.path, contents: nil) else {
            throw ToolFailure("cannot write to \(filler.path)")
        }
        let file = try FileHandle(forWritingTo: filler)
        var block = Data(count: 1024 * 1024)
        while block.count > 512 {
            do { try file.write(contentsOf: block) } catch { block = Data(count: block.count / 2) }
        }
        try file.close()
    }

    /// Gives back what ``fill()`` took.
    public func free() throws { try FileManager.default.removeItem(at: filler) }
}
