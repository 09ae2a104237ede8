// Records kept by nodes on loopback sockets, while nodes come, leave and die.
import NIOCore
import Testing
import TransportAPI

@testable import HTTPTransport

@Suite("Records of a cluster", .timeLimit(.minutes(1)))
struct PeerDirectoryTests {
    private func fill(_ peers: [Peer], _ count: Int) async throws -> [Key128] {
        var keys: [Key128] = []
        for index in 0..<count {
            keys.append(.random())
            let write = try await peers[index % peers.count].create(keys[index], "\(index)")
            #expect(write.revision != nil)
        }
        return keys
    }

    /// Whoever is asked, the records are there, and can be changed by exactly one revision.
    private func expectAll(_ keys: [Key128], at peers: [Peer]) async throws {
        for (index, key) in keys.enumerated() {
            for peer in peers { #expect(try await peer.text(key) == "\(index)", "record \(index) at \(peer.id)") }
        }
    }

    private func copies(_ key: Key128, _ peers: [Peer]) async throws -> Int {
        var count = 0
        for peer in peers where try await peer.keeps(key) { count += 1 }
        return count
    }

    @Test("A node alone keeps records")
    func alone() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(1)
            try await expectAll(try await fill(peers, 10), at: peers)
            #expect(try await peers[0].read(.random()) == .unknown)
        }
    }

    @Test("Each record has two copies among three nodes, and is read at each node and attachment")
    func twoCopies() async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(3)
            let attachment = try await bench.start(
                "beside", PeerBench.options(.attachment, peers: peers.map(\.address)))
            let keys = try await fill(peers + [attachment], 40)
            try await expectAll(keys, at: peers + [attachment])
            for key in keys { #expect(try await copies(key, peers) == 2) }
            #expect(try await attachment.count() == 0)
            #expect(try await attachment.read(.random()) == .unknown)
        }
    }

    @Test("When nodes die one after the other, no record dies with them")
    func deaths() async throws {
        try await PeerBench.run { bench in
            var peers = try await bench.mesh(4)
            let keys = try await fill(peers, 60)
            while peers.count > 1 {
                try await peers.removeLast().kill()
                let left = peers
                try await eventually("the others notice") {
                    for peer in left where try await peer.nodes() != left.count { return false }
                    return true
                }
                try await expectAll(keys, at: left)
                try await eventually("each record has as many copies as it can") {
                    for key in keys where try await copies(key, left) != min(2, left.count) { return false }
                    return true
                }
            }
        }
    }

    @Test("A node that joins finds all records, and takes its share of them")
    func join() async throws {
        try await PeerBench.run { bench in
            var peers = try await bench.mesh(2)
            let keys = try await fill(peers, 60)
            peers.append(try await bench.start("late", PeerBench.options()))
            try await bench.connect(peers)
            try await expectAll(keys, at: peers)
            let all = peers
            try await eventually("each record has two copies, and no third") {
                for key in keys where try await copies(key, all) != 2 { return false }
                return true
            }
            #expect(try await peers[2].count() > 10)
        }
    }

    @Test("A rolling restart of all nodes loses nothing")
    func rollingRestart() async throws {
        try await PeerBench.run { bench in
            var peers = try await bench.mesh(2)
            let keys = try await fill(peers, 60)
            for round in 0..<4 {
                peers.append(try await bench.start("node-\(round % 2)", PeerBench.options()))
                try await bench.connect(peers)
                try await peers.removeFirst().close()
                try await expectAll(keys, at: peers)
            }
        }
    }

    @Test("What a leaving node alone keeps is handed over before it is gone")
    func handover() async throws {
        try await PeerBench.run { bench in
            let first = try await bench.mesh(1)
            let keys = try await fill(first, 500)
            let second = try await bench.start("second", PeerBench.options())
            try await bench.connect(first + [second])
            try await first[0].close()
            #expect(try await second.count() == 500)
            try await expectAll(keys, at: [second])
            await #expect(throws: TransportError.self) { try await first[0].read(keys[0]) }
        }
    }

    @Test("Of a hundred racing writers one wins, of creates and of updates", arguments: 0..<5)
    func races(round: Int) async throws {
        try await PeerBench.run { bench in
            let peers = try await bench.mesh(3)
            let key = Key128.random()
            var revision: UInt64?
            for _ in 0..<3 {
                let from = revision
                let outcomes = try await withThrowingTaskGroup(of: DirectoryWrite.self) { group in
                    for writer in 0..<100 {
                        let peer = peers[writer % 3]
                        group.addTask {
                            if let from { return try await peer.update(key, "\(writer)", from: from) }
                            return try await peer.create(key, "\(writer)")
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.compactMap(\.revision).count == 1)
                revision = outcomes.compactMap(\.revision).first
                guard case .found(let record) = try await peers[0].read(key) else {
                    Issue.record("the record is gone")
                    return
                }
                #expect(record.revision == revision)
            }
        }
    }

    @Test("A home that does not answer ends a write in time; reads go to the second copy")
    func silentHome() async throws {
        try await PeerBench.run { bench in
            let home = try await bench.start("home", PeerBench.options())
            let relay = try await PeerRelay.start(to: home.address.port, on: bench.group)
            let other = try await bench.start("other", PeerBench.options())
            let through = PeerAddress(host: "127.0.0.1", port: relay.port)
            try await other.cluster.setPeers(.addresses([through])).get()
            // Only one link, and that one can be stopped.
            try await eventually("they are linked") {
                let counts = (try await other.nodes(), try await home.nodes())
                return counts == (2, 2)
            }
            var key = Key128.random()
            while Rendezvous.order([home.id, other.id], for: key).first != home.id { key = .random() }
            let revision = try #require(try await other.create(key, "kept").revision)
            try await relay.setStalled(true)
            let begin = NIODeadline.now()
            let error = await #expect(throws: TransportError.self) {
                _ = try await other.update(key, "new", from: revision)
            }
            #expect(error?.code == .timedOut)
            #expect(error?.delivery == .unknown)
            #expect(NIODeadline.now() - begin < .seconds(2))
            #expect(try await other.text(key) == "kept")
            try await relay.setStalled(false)
            try await relay.close()
        }
    }

    @Test("Nodes that see others do not write for each other")
    func disputed() async throws {
        try await PeerBench.run { bench in
            // A chain: the ends do not know each other.
            let middle = try await bench.start("middle", PeerBench.options())
            let left = try await bench.start("left", PeerBench.options(peers: [middle.address]))
            let right = try await bench.start("right", PeerBench.options(peers: [middle.address]))
            try await eventually("the middle sees both") { try await middle.nodes() == 3 }
            var key = Key128.random()
            while Rendezvous.order([left.id, middle.id, right.id], for: key).first != middle.id { key = .random() }
            let error = await #expect(throws: TransportError.self) { _ = try await left.create(key, "x") }
            #expect(error?.code == .unreachable)
            try await bench.connect([left, middle, right])
            try await eventually("they agree") { try await left.create(key, "y").revision != nil }
        }
    }
}
