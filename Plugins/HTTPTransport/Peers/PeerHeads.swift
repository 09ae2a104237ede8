// The two HTTP heads that begin a link, and the answers to whoever else comes to this port. Strict: everything that is
// not exactly the upgrade is refused with a text for the operator who looks at the wrong port.
internal import HTTPWire
internal import NIOCore

enum PeerHeads {
    /// Version 1 of the protocol. Another version has another path.
    static let path = "/patchbay/peer/1"
    static let upgrade = "patchbay-peer"
    /// Bounds on either head, in bytes and lines.
    static let limits = HeadLimits(blockBytes: 4096, fields: 32)

    /// What this port is, for people.
    private static let purpose =
        "This port carries the links between Patchbay nodes and attachments (cluster.listen). MCP clients belong at"
        + " the address under listen."

    /// Why a request is not the beginning of a link.
    struct Refusal: Equatable {
        var status: Int
        var reason: String
    }

    static func request(to address: PeerAddress) -> String {
        "GET \(path) HTTP/1.1\r\nHost: \(address)\r\nConnection: Upgrade\r\nUpgrade: \(upgrade)\r\n\r\n"
    }

    static let accepted = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: \(upgrade)\r\n\r\n"

    /// Nil when `head` asks for a link.
    static func refusal(_ head: RequestHead, _ bytes: UnsafeRawBufferPointer) -> Refusal? {
        guard head.path.bytes(in: bytes).elementsEqual(path.utf8), head.query.isAbsent else {
            if head.path.bytes(in: bytes).starts(with: "/patchbay/peer/".utf8) {
                return Refusal(
                    status: 404, reason: "Links are spoken here at \(path) only: is the peer of another version?")
            }
            return Refusal(status: 404, reason: "There is nothing at this path.")
        }
        guard head.verb == .get else { return Refusal(status: 405, reason: "A link begins with GET.") }
        guard head.isHTTP11, head.framing == .none else {
            return Refusal(status: 400, reason: "A link begins with an HTTP/1.1 request without a body.")
        }
        guard asksForUpgrade(head.fields, bytes) else {
            return Refusal(status: 426, reason: "A link begins with 'Connection: Upgrade' and 'Upgrade: \(upgrade)'.")
        }
        return nil
    }

    /// Is this answer the other end's consent?
    static func isConsent(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) -> Bool {
        head.status == 101 && asksForUpgrade(head.fields, bytes)
    }

    private static func asksForUpgrade(_ fields: [HeadField], _ bytes: UnsafeRawBufferPointer) -> Bool {
        let upgrades = fields.filter { $0.name == .upgrade }
        guard upgrades.count == 1, let field = upgrades.first else { return false }
        return isUpgrade(field.value.bytes(in: bytes))
            && fields.isNamedByConnection(field.nameRange.bytes(in: bytes), bytes)
    }

    private static func isUpgrade(_ value: UnsafeRawBufferPointer) -> Bool {
        value.count == upgrade.utf8.count && zip(value, upgrade.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    /// A whole answer that ends the connection.
    static func answer(_ refusal: Refusal) -> String {
        let body = "\(refusal.reason) \(purpose)\n"
        let extra =
            switch refusal.status {
            case 405: "Allow: GET\r\nConnection: close\r\n"
            case 426: "Upgrade: \(upgrade)\r\nConnection: close, Upgrade\r\n"
            default: "Connection: close\r\n"
            }
        return "HTTP/1.1 \(refusal.status) \(phrase(refusal.status))\r\nContent-Type: text/plain; charset=utf-8\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(extra)\r\n\(body)"
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 426: "Upgrade Required"
        case 431: "Request Header Fields Too Large"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Bad Request"
        }
    }
}
