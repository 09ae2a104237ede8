// Accepted connections that have not proved the secret, by how far they have come. A stranger can open as many as it
// likes, so each step has its own room, and the place of whoever has to make room is chosen so that peers get through.
// Decides only; what it names is ended by the network. Belongs to the cluster's loop.
internal import NIOCore

struct PeerNewcomers {
    /// What is awaited. Whoever speaks at once goes on within a round trip; whoever says nothing only takes the places
    /// of others that say nothing.
    enum Step: Int, CaseIterable { case head, hello, proof }

    /// Where a connection comes from: an IPv4 address, or an IPv6 network of 64 bits, which one host may have for
    /// itself.
    enum Origin: Hashable {
        case version4(UInt32)
        case version6(UInt64)
        case unknown
    }

    private struct Room {
        /// In the order in which they came.
        var entries: [(link: PeerLink, origin: Origin)] = []
        var counts: [Origin: Int] = [:]

        mutating func remove(_ link: PeerLink) -> Origin? {
            guard let index = entries.firstIndex(where: { $0.link === link }) else { return nil }
            let origin = entries.remove(at: index).origin
            counts[origin] = counts[origin].flatMap { $0 > 1 ? $0 - 1 : nil }
            return origin
        }

        mutating func add(_ link: PeerLink, _ origin: Origin) {
            entries.append((link, origin))
            counts[origin, default: 0] += 1
        }

        /// Who has to go for one from `origin`. Whose share is full makes room itself; otherwise the origin that has
        /// most, whose oldest has had longest.
        func leaver(for origin: Origin, most: Int, mostOfOrigin: Int) -> PeerLink? {
            if counts[origin] ?? 0 >= mostOfOrigin { return entries.first { $0.origin == origin }?.link }
            guard entries.count >= most else { return nil }
            let largest = counts.values.max()
            return entries.first { counts[$0.origin] == largest }?.link
        }
    }

    /// Connections at one step.
    private let most: Int
    /// Of these, from one origin.
    private let mostOfOrigin: Int
    private var rooms = Step.allCases.map { _ in Room() }

    init(most: Int, mostOfOrigin: Int) {
        self.most = max(1, most)
        self.mostOfOrigin = max(1, mostOfOrigin)
    }

    var count: Int { rooms.reduce(0) { $0 + $1.entries.count } }

    /// A connection was accepted.
    /// - Returns: who has to go for it.
    mutating func enter(_ link: PeerLink, from origin: Origin) -> PeerLink? { add(link, origin, at: .head) }

    /// It has come to a later step.
    /// - Returns: who has to go for it.
    mutating func advance(_ link: PeerLink, to step: Step) -> PeerLink? {
        guard let origin = remove(link) else { return nil }
        return add(link, origin, at: step)
    }

    /// It has proved the secret, or has ended.
    /// - Returns: where it came from, or nil if it is none of these.
    @discardableResult
    mutating func remove(_ link: PeerLink) -> Origin? {
        for step in rooms.indices {
            if let origin = rooms[step].remove(link) { return origin }
        }
        return nil
    }

    private mutating func add(_ link: PeerLink, _ origin: Origin, at step: Step) -> PeerLink? {
        let leaver = rooms[step.rawValue].leaver(for: origin, most: most, mostOfOrigin: mostOfOrigin)
        rooms[step.rawValue].add(link, origin)
        return leaver
    }
}

extension PeerNewcomers.Origin {
    /// Where the address begins in the system's `sockaddr_in` and `sockaddr_in6`: behind family and port, and behind
    /// the flow in the latter.
    private static let offset4 = 4
    private static let offset6 = 8
    /// An IPv4 address as a socket for both shows it begins so: ::ffff:a.b.c.d.
    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

    init(_ address: SocketAddress?) {
        self =
            switch address {
            case .v4(let address)?: withUnsafeBytes(of: address.address) { .version4(Self.number($0, Self.offset4)) }
            case .v6(let address)?:
                withUnsafeBytes(of: address.address) { bytes in
                    let offset = Self.offset6
                    guard bytes.dropFirst(offset).starts(with: Self.mapped) else {
                        return .version6(Self.number(bytes, offset))
                    }
                    return .version4(Self.number(bytes, offset + Self.mapped.count))
                }
            default: .unknown
            }
    }

    private static func number<Number: FixedWidthInteger>(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Number {
        bytes.dropFirst(offset).prefix(Number.bitWidth / 8).reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
