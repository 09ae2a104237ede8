// Reads a text file whole, with a bound. The loader uses it unless a test gives it another reader. It knows nothing
// of what is in the file beyond UTF-8.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

public enum ConfigFile {
    /// Why a file could not be read, in the system's words.
    public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
        public var description: String

        public init(description: String) {
            self.description = description
        }
    }

    /// The text of a file of at most 1 MiB. Fails for folders, for longer files and for what is not UTF-8.
    /// Blocks; for start-up only.
    public static func contents(of path: String) throws(Failure) -> String {
        guard !path.utf8.contains(0) else { throw Failure(description: "its name has a NUL character") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFailure() }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw systemFailure()
            }
            if count == 0 { break }
            bytes += chunk.prefix(count)
            guard bytes.count <= ConfigBounds.fileBytes else {
                throw Failure(description: "it is longer than \(ConfigBounds.fileBytes) bytes")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(description: "it is not UTF-8 text")
        }
        return text
    }

    private static func systemFailure() -> Failure {
        Failure(description: strerror(errno).map { String(cString: $0) } ?? "error \(errno)")
    }
}
