// A TCP connection that sends exactly the bytes it is given. Everything blocks on queues of its own, never on a thread
// that tests run on.
import Foundation

final class RawConnection: Sendable {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)

    private let descriptor: Int32
    private let reading = DispatchQueue(label: "patchbay.tests.reading")
    private let writing = DispatchQueue(label: "patchbay.tests.writing")

    /// - Parameter receiveBuffer: bytes that the kernel holds for a client that reads slowly; 0 for its default.
    init(to port: Int, receiveBuffer: Int = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        if receiveBuffer > 0 {
            var bytes = Int32(clamping: receiveBuffer)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, length) }
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Failure(description: "cannot connect to port \(port): \(reason)")
        }
    }

    deinit { close(descriptor) }

    /// Sends everything, or as much as the other side takes before it closes: its answer then says why.
    func send(_ bytes: [UInt8]) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            writing.async { [self] in
                var sent = 0
                while sent < bytes.count, wait(for: POLLOUT, .seconds(20)) {
                    let count = bytes[sent...].withUnsafeBytes {
                        Glibc.send(descriptor, $0.baseAddress, $0.count, Self.flags)
                    }
                    if count > 0 { sent += count } else if errno != EAGAIN, errno != EINTR { break }
                }
                continuation.resume()
            }
        }
    }

    func send(_ text: String) async { await send(Array(text.utf8)) }

    /// What has arrived, at least one byte; empty when the other side has closed.
    /// - Throws: when nothing has come within `limit`, or the connection was reset.
    func receive(upTo most: Int = 64 * 1024, within limit: Duration = Deadline.usual) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<[UInt8], any Error>) in
            reading.async { [self] in
                guard wait(for: POLLIN, limit) else {
                    return continuation.resume(throwing: Failure(description: "no byte came within \(limit)"))
                }
                var bytes = [UInt8](repeating: 0, count: most)
                let count = bytes.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, most, 0) }
                if count < 0 {
                    let reason = String(cString: strerror(errno))
                    return continuation.resume(throwing: Failure(description: "the connection broke: \(reason)"))
                }
                continuation.resume(returning: Array(bytes.prefix(count)))
            }
        }
    }

    /// Says that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection in both directions, as a client does that goes away.
    func abandon() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func wait(for events: Int32, _ limit: Duration) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        let end = ContinuousClock.now + limit
        while true {
            let left = (end - ContinuousClock.now).components
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            let result = poll(&entry, 1, Int32(clamping: max(0, milliseconds)))
            if result != 0 || milliseconds <= 0 { return result > 0 }
        }
    }
}
