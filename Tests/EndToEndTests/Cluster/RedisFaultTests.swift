// What only a Redis server does: it is killed with and without a file behind it, throws its clients out, or may forget.
// What it has in common with other brokers is in BrokerTests. Only in builds with the Redis transport.
#if Redis
    import Foundation
    import TestSupport
    import Testing

    extension Cluster {
        @Suite(.timeLimit(.minutes(5)))
        struct RedisFaultTests {
            private static func started(
                _ topology: Topology, _ persistence: RedisServer.Persistence, _ publications: [Publication]
            ) async throws -> (Deployment, RedisServer) {
                var settings = RedisServer.Settings()
                settings.persistence = persistence
                let server = try RedisServer(settings)
                let plan = Deployment.Plan(broker: server)
                return (try await Deployment.start(topology, publications, plan), server)
            }

            /// A call of the first node's whose client has left: it is over, and all of it is in the log.
            private static func keptCall(_ nodes: Deployment, _ fleet: Fleet) async throws -> (Track, label: String) {
                let label = label("kept")
                var track = Track(try await Peer.open(nodes.first.endpoint()), Track.count(label, 5, hold: 2))
                try await track.connect(at: nodes.first)
                try await track.read(upTo: 2)
                let logged = try await nodes.logged()
                track.cut()
                try await track.peer.at(nodes.other).release(label)
                try await finished(label, of: fleet)
                try await nodes.isLogged(track, more: 4, since: logged)
                return (track, label)
            }

            /// Stateless calls do not notice, and what the log has acknowledged outlives both the server and the host.
            @Test func killedServerKeepsWhatItHasAcknowledged() async throws {
                let (fleet, modern) = try await (Fleet.stateful.value, Fleet.modern.value)
                let (nodes, server) = try await Self.started(
                    .redis, .always,
                    [Publication(servers: fleet.servers),
                     Publication(name: "modern", path: "/modern", servers: modern.servers)])
                var kept: [(Track, label: String)] = []
                for _ in 1...5 { kept.append(try await Self.keptCall(nodes, fleet)) }
                let book = try await CallLoad.during(.stateless, modern, at: nodes.nodes, "/modern") { load in
                    for _ in 1...5 {
                        kept.append(try await Self.keptCall(nodes, fleet))
                        server.kill()
                        try await load.goesOn(50)
                        try server.start()
                        try await nodes.areJoined()
                        try await load.goesOn(50)
                    }
                }
                print("through five kills of redis-server: \(book)")
                #expect(book.isPerfect && book.offences == [], "\(book.offences)")
                try await nodes.first.process.kill9()
                for (track, label) in kept {
                    var track = track
                    try await track.connect(at: nodes.other)
                    try await track.finish()
                    #expect(track.isWhole(label, 5), "\(track.payloads)")
                    #expect(try executions(label, of: fleet) == 1, "the tool ran again")
                }
                print("\(kept.count) finished calls were read from the log of a server that was killed")
            }

            /// Without a file everything is gone: that is noticed, and nothing comes instead that is not right.
            @Test(arguments: [Topology.redis, .redisAttached])
            func lossOfEverythingIsNoticed(_ topology: Topology) async throws {
                let fleet = try await Fleet.stateful.value
                let (nodes, server) = try await Self.started(
                    topology, .none, [Publication(servers: [fleet.servers[0]])])
                var peers: [Peer] = []
                for node in nodes.nodes { peers.append(try await Peer.open(node.endpoint())) }
                for peer in peers { #expect(try await peer.call("counter") == "1") }
                let deleted = try await Peer.open(nodes.first.endpoint())
                #expect(try await deleted.send("DELETE").status == 200)
                let (kept, lost) = try await (Self.keptCall(nodes, fleet), Self.keptCall(nodes, fleet))
                let book = try await CallLoad.during(.sessions, fleet, at: nodes.nodes) { load in
                    try await load.goesOn(100)
                    server.kill()
                    try server.start()
                    try await nodes.areJoined()
                    try await load.goesOn(100)
                }
                print("\(topology) with a server that lost everything: \(book)")
                #expect(book.offences == [])
                #expect(try server.command(["CONFIG", "GET", "appendonly"]).hasSuffix("no"))

                var alive = 0
                for peer in peers { alive += try await Self.worksOrIsGone(peer, nodes) ? 1 : 0 }
                print("\(alive) of \(peers.count) sessions lived on")
                for node in nodes.nodes {
                    try await until("the end of a deleted session") {
                        let answer = try await deleted.at(node).post(Scene.ping)
                        #expect(answer.status != 200, "what has ended came back: \(answer.text)")
                        return answer.status == 404
                    }
                }
                print("a finished call whose host lives: \(try await Self.resume(kept, at: nodes.other, fleet))")
                try await nodes.host.process.kill9()
                print("a finished call whose host is dead: \(try await Self.resume(lost, at: nodes.other, fleet))")
            }

            /// - Returns: whether it works, at every node and with its own memory; otherwise it is gone at each.
            private static func worksOrIsGone(_ peer: Peer, _ nodes: Deployment) async throws -> Bool {
                var statuses: [Int] = []
                for node in nodes.nodes {
                    let answer = try await eventually("a word about a session") {
                        let answer = try await peer.at(node).post(Peer.call("counter", id: Peer.unusedID()))
                        return [200, 404].contains(answer.status) ? answer : nil
                    }
                    statuses.append(answer.status)
                    let turn = statuses.count { $0 == 200 } + 1
                    #expect(answer.status == 404 || answer.toolText == "\(turn)", "another memory: \(answer.text)")
                }
                #expect(Set(statuses).count == 1, "the nodes do not agree: \(statuses)")
                return statuses.last == 200
            }

            /// Everything, or the beginning and the one error, or the word that the stream is not known.
            private static func resume(
                _ call: (Track, label: String), at node: Gateway, _ fleet: Fleet
            ) async throws -> String {
                var (track, label) = call
                do {
                    try await track.connect(at: node)
                } catch {
                    #expect("\(error)".contains("404"), "\(error)")
                    return "\(error)"
                }
                try await track.finish()
                let numbers = track.numbers(label)
                #expect(numbers == Array(Array(1...5).prefix(numbers.count)), "\(track.payloads)")
                #expect(track.isWhole(label, 5) || track.isOutcomeUnknown, "\(track.payloads)")
                #expect(try executions(label, of: fleet) == 1, "the tool ran again")
                return "\(numbers.count) of 5 messages, then \(track.payloads.last ?? "")"
            }

            /// All connections of all members are closed by the server, again and again, in the middle of calls.
            @Test(arguments: [Topology.redis, .redisAttached])
            func stormsOfClientKill(_ topology: Topology) async throws {
                let fleet = try await Fleet.stateful.value
                let (nodes, server) = try await Self.started(topology, .always, [Publication(servers: fleet.servers)])
                let connections = try server.count("connected_clients")
                var killed = 0
                let book = try await CallLoad.during(.sessions, fleet, at: nodes.nodes) { load in
                    for round in 1...50 {
                        for type in ["normal", "pubsub"] {
                            killed += Int(try server.command(["CLIENT", "KILL", "TYPE", type])) ?? 0
                        }
                        // Every other time the next storm comes in the midst of the return.
                        guard round.isMultiple(of: 2) else {
                            try await load.goesOn(20)
                            continue
                        }
                        try await until("all connections\n\(nodes.logs)") {
                            try nodes.mustBeAlive()
                            return try server.count("connected_clients") >= connections
                        }
                        try await load.succeeds(20)
                    }
                }
                print("\(topology) through 50 storms that closed \(killed) connections: \(book)")
                #expect(killed >= 50 && book.offences == [], "\(book.offences)")
                #expect(book.sessions == 6, "a session was lost, and nothing of the server's was")
                if topology == .redis { #expect(book.isPerfect, "calls do not touch the server") }
                try await nodes.areJoined()
            }

            /// Why a server may forget what it has acknowledged.
            enum Risk: String, CaseIterable, Sendable {
                case eviction, noFile

                var settings: RedisServer.Settings {
                    var settings = RedisServer.Settings()
                    switch self {
                    case .eviction: settings.lines = "maxmemory 64mb\nmaxmemory-policy allkeys-lru"
                    case .noFile: settings.persistence = .none
                    }
                    return settings
                }

                /// The server's setting, which every text must name.
                var name: String { self == .eviction ? "maxmemory-policy" : "appendonly" }
            }

            @Test(arguments: Risk.allCases)
            func serverThatMayForgetIsRefusedUnlessAccepted(_ risk: Risk) async throws {
                let server = try RedisServer(risk.settings)
                func arguments(_ more: String) throws -> [String] {
                    let line = server.kind.member(at: server.port, more)
                    let file = try Gateway.configuration(
                        ["{name: main, transport: redis}"], Meeting.member("n", line))
                    return ["serve", "--config", file]
                }
                let refused = try ManagedProcess("the gateway", Installation.gateway(), try arguments(""))
                #expect(try await refused.end() == .exit(69))
                let reason = refused.errors.text
                #expect(reason.contains(risk.name) && reason.contains("accept_volatile"), "\(reason)")
                #expect(refused.output.lines == [])
                print("refused with: \(refused.errors.tail(1))")

                let node = try await Gateway(try arguments(", accept_volatile: true"))
                let warning = node.process.errors.first { $0.contains("level=warning") && $0.contains(risk.name) }
                #expect(warning != nil, "\(node.process.errors.text)")
                print("accepted with: \(warning ?? "")")
                #expect(try await node.stop() == .exit(0))
            }
        }
    }
#endif
