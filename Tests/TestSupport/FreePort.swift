// Ports for listeners whose number others must know before they start. Taken below the range from which the kernel
// gives ports to outgoing connections and to listeners on port 0: only another run of these tests can be in the way.
import Foundation
import Synchronization

public enum FreePort {
    private static let range = 20_000..<30_000
    private static let next = Mutex(Int.random(in: range))

    /// A port on loopback that was free a moment ago, and is not given again soon.
    public static func take() throws -> Int {
        for _ in 0..<range.count {
            let port = next.withLock { next in
                next = next + 1 < range.upperBound ? next + 1 : range.lowerBound
                return next
            }
            if isFree(port) { return port }
        }
        throw NoPort()
    }

    /// Every port of the range is taken.
    public struct NoPort: Error {}

    private static func isFree(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(descriptor, 1) == 0
            }
        }
    }
}
