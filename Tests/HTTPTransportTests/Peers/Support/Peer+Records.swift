// Records as the tests of the directory use them, and a way to kill a node.
import NIOCore
import TransportAPI

@testable import HTTPTransport

extension Peer {
    var directory: PeerDirectory { cluster.peerDirectory }

    func create(_ key: Key128, _ text: String, lifetime: TimeAmount = .minutes(5)) async throws -> DirectoryWrite {
        try await directory.create(key, ByteBuffer(string: text), lifetime: lifetime, on: cluster.loop).get()
    }

    func update(_ key: Key128, _ text: String, from revision: UInt64) async throws -> DirectoryWrite {
        try await directory.update(
            key, ByteBuffer(string: text), from: revision, lifetime: .minutes(5), on: cluster.loop).get()
    }

    func read(_ key: Key128) async throws -> DirectoryRead { try await directory.read(key, on: cluster.loop).get() }

    /// The text that stands there, or nil.
    func text(_ key: Key128) async throws -> String? {
        guard case .found(let record) = try await read(key) else { return nil }
        return String(buffer: record.value)
    }

    /// What this node keeps itself.
    func keeps(_ key: Key128) async throws -> Bool {
        let directory = directory
        return try await cluster.loop.submit { directory.store.entry(key, now: .now()) != nil }.get()
    }

    func count() async throws -> Int {
        let directory = directory
        return try await cluster.loop.submit { directory.store.count }.get()
    }

    func nodes() async throws -> Int {
        let directory = directory
        return try await cluster.loop.submit { directory.nodes.count }.get()
    }

    func close() async throws { try await cluster.close(on: cluster.loop).get() }

    /// Ends everything without a goodbye, as a killed process does.
    func kill() async throws {
        let network = cluster.network
        try await cluster.life.withLock { $0.listener }?.close().get()
        try await cluster.loop.submit {
            network.isClosing = true
            network.roster.close()
            network.ticks?.cancel()
            for link in network.links.values { link.end(.closing) }
        }.get()
    }
}

extension DirectoryWrite {
    var revision: UInt64? { if case .written(let revision) = self { revision } else { nil } }
}

extension Key128 {
    static func random() -> Key128 { Key128(high: .random(in: .min ... .max), low: .random(in: .min ... .max)) }
}
