// The few things that are asked of the operating system: the environment, standard error, the file limit, the host's
// name.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

enum Environment {
    /// All variables.
    static var all: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let pair = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2 { variables[String(pair[0])] = String(pair[1]) }
            entry += 1
        }
        return variables
    }
}

enum StandardError {
    /// Writes one line, whole.
    static func print(_ line: String) { write(line + "\n") }

    static func write(_ text: String) { Output.write(text, to: STDERR_FILENO) }
}

enum StandardOutput {
    static func print(_ line: String) { Output.write(line + "\n", to: STDOUT_FILENO) }
}

private enum Output {
    /// Writes all of it, however long the reader takes; gives up only when the other end is gone. Whoever shares the
    /// terminal or pipe may have made it non-blocking: then this waits for room.
    static func write(_ text: String, to file: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if written > 0 {
                bytes = bytes.dropFirst(written)
            } else if errno == EAGAIN {
                var room = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                _ = poll(&room, 1, -1)
            } else if errno != EINTR {
                return
            }
        }
    }
}

enum FileLimit {
    /// Raises the soft limit of open files to the hard one, since each stream takes two. Returns the limit.
    static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return Int(clamping: limit.rlim_cur)
    }
}

enum HostName {
    static var text: String {
        var bytes = [CChar](repeating: 0, count: 256)
        guard gethostname(&bytes, bytes.count - 1) == 0 else { return "localhost" }
        return String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
