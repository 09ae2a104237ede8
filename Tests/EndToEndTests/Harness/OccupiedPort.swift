// A port on loopback that is taken as long as this object lives.
import Foundation

final class OccupiedPort: Sendable {
    let port: Int
    private let descriptor: Int32

    /// - Parameter wanted: 0 takes a free one. That it is taken already is fine: it is occupied all the same.
    init(_ wanted: Int = 0) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        // Without it, connections that have just ended here would keep it from listening.
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(clamping: wanted)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isListening || wanted != 0 else { throw Overdue(description: "no free port on loopback") }
        port = isListening ? Int(in_port_t(bigEndian: address.sin_port)) : wanted
    }

    deinit { close(descriptor) }
}
