// A connection to a server of the tests that blocks its caller, for the few bytes that tests exchange with it.
import Foundation

final class BlockingSocket {
    private let descriptor: Int32
    private var arrived: [UInt8] = []

    /// To a port on loopback.
    convenience init(port: Int) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        try self.init(AF_INET, address, "port \(port)")
    }

    /// To a socket in the file system.
    convenience init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
        try self.init(AF_UNIX, address, path)
    }

    private init(_ family: Int32, _ address: some Any, _ name: String) throws {
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let result = withUnsafeBytes(of: address) { bytes in
            connect(
                descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            throw ToolFailure("cannot connect to \(name): \(reason)")
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    /// Everything up to the end of the connection.
    func rest() -> String {
        while receive() {}
        return String(decoding: arrived, as: UTF8.self)
    }

    /// The next line, without its end.
    func line() throws -> String {
        while true {
            if let end = arrived.firstIndex(of: 0x0A) {
                let line = arrived[..<end].filter { $0 != 0x0D }
                arrived.removeFirst(end + 1)
                return String(decoding: line, as: UTF8.self)
            }
            guard receive() else { throw ToolFailure("the connection ended in the middle of a line") }
        }
    }

    func bytes(_ count: Int) throws -> String {
        while arrived.count < count {
            guard receive() else { throw ToolFailure("the connection ended after \(arrived.count) of \(count) bytes") }
        }
        defer { arrived.removeFirst(count) }
        return String(decoding: arrived.prefix(count), as: UTF8.self)
    }

    private func receive() -> Bool {
        var part = [UInt8](repeating: 0, count: 65_536)
        let count = part.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { return false }
        arrived += part[..<count]
        return true
    }
}
