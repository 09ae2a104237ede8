// kill -9 where attachments hold the streams: a node loses nothing, since its clients resume at the other; an
// attachment loses its running calls, which is told, and no session; who joins or leaves is noticed at once.
import Foundation
import Testing

extension Cluster {
    @Suite(.timeLimit(.minutes(5)))
    struct AttachedLossTests {
        @Test(arguments: Topology.with(.attached), [false, true])
        func killedNodeLosesNoCall(_ topology: Topology, isAway: Bool) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("kept")
            var track = Track(peer, Track.count(label, 6, hold: 2))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 2)
            if isAway { track.cut() }
            try await nodes.first.process.kill9()
            if !isAway { await track.drain() }

            let there = peer.at(nodes.other)
            _ = try await recovers("a session of a killed node") { try await there.post(Peer.call("counter")) }
            try await there.release(label)
            try await finished(label, of: fleet)
            let start = ContinuousClock.now
            try await track.connect(at: nodes.other)
            try await track.finish()
            print("a call of a killed node was resumed to its result in \(ContinuousClock.now - start)")
            #expect(track.isWhole(label, 6), "\(track.payloads)")
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
        }

        @Test(arguments: Topology.matrix(.attached))
        func killedNodeLosesNothingOfManyCallsInFlow(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let running = LineLog()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...20 {
                    group.addTask {
                        let label = label("flow-\(number)")
                        let peer = try await Peer.open(nodes.other.endpoint())
                        var track = Track(peer, Track.count(label, 60, pause: 0.03))
                        try await track.connect(at: number.isMultiple(of: 4) ? nodes.other : nodes.first)
                        try await track.read(upTo: 2)
                        running.append("\(label)\n".utf8)
                        await track.drain()
                        // Messages of the living may be lost with those of the dead: then the stream is cut, and
                        // taken up once more.
                        try await until("the whole call") {
                            if track.isWhole(label, 60) { return true }
                            do {
                                try await track.connect(at: nodes.other)
                                try await track.finish()
                            } catch {
                                track.cut()
                                return false
                            }
                            return true
                        }
                        #expect(track.isWhole(label, 60), "\(track.payloads.suffix(3))")
                        #expect(try executions(label, of: fleet) == 1, "the tool ran again")
                    }
                }
                try await until("20 running calls") { running.count == 20 }
                try await nodes.first.process.kill9()
                try await group.waitForAll()
            }
        }

        @Test(arguments: Topology.matrix(.attached))
        func killedNodeLosesNothingOfTheGetStream(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            var track = try await peer.listening(at: nodes.first)
            let label = label("hundred")
            let there = peer.at(nodes.other)
            let sending = Task { try await there.call("announce", #"{"label":"\#(label)","n":100,"pause":0.01}"#) }
            while track.numbers(label).count < 20 { _ = try await track.next() }
            try await nodes.first.process.kill9()
            await track.drain()
            try await track.connect(at: nodes.other)
            while track.numbers(label).count < 100 {
                guard try await track.next() != nil else { throw Overdue(description: "it ended: \(track.payloads)") }
            }
            #expect(track.numbers(label) == Array(1...100))
            _ = try await sending.value
        }

        @Test(arguments: Topology.with(.attached))
        func killedNodeLosesNoQuestion(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: fleet.servers)
            let peer = try await Peer.open(nodes.first.endpoint())
            let label = label("asked")
            var track = Track(peer, Peer.call("elicit", #"{"label":"\#(label)"}"#, id: 7))
            try await track.connect(at: nodes.first)
            try await track.read(upTo: 1)
            try await nodes.first.process.kill9()
            let there = peer.at(nodes.other)
            _ = try await recovers("a session with a question") { try await there.post(Peer.call("counter")) }
            try await there.answer(track.messages[0]["id"])
            await track.drain()
            try await track.connect(at: nodes.other)
            try await track.finish()
            #expect(track.messages.last?["result"]["content"][0]["text"] == "accept w", "\(track.payloads)")
            #expect(track.events.count == 2)
            #expect(try executions(label, of: fleet) == 1)
        }

        @Test(arguments: Topology.with(.attached))
        func killedAttachmentLosesItsCallsAndNoSession(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let server = fleet.servers[0]
            let nodes = try await Deployment.start(topology, before: [server])
            let peer = try await Peer.open(nodes.first.endpoint())
            #expect(try await peer.call("counter") == "1")
            let label = label("lost")
            var (here, away) = (Track(peer, Track.count(label, 5, hold: 2)), Track(peer, Peer.call("elicit", id: 7)))
            try await here.connect(at: nodes.first)
            try await here.read(upTo: 2)
            try await away.connect(at: nodes.first)
            try await away.read(upTo: 1)
            away.cut()
            try await nodes.attachments[0].process.kill9()

            // The stream that is open ends with the error; if it was cut instead, the resume says so.
            await here.drain()
            if !here.isOutcomeUnknown {
                try await here.connect(at: nodes.other)
                try await here.finish()
            }
            #expect(here.isOutcomeUnknown && here.events.count == 3, "\(here.payloads)")
            try await away.connect(at: nodes.other)
            try await away.finish()
            #expect(away.isOutcomeUnknown, "\(away.payloads)")

            let again = try nodes.attachments[0].restarted()
            for node in nodes.nodes {
                _ = try await recovers("a session of a restarted attachment") {
                    try await peer.at(node).post(Peer.call("counter"))
                }
            }
            let turns = nodes.nodes.count + 2
            #expect(try await peer.call("counter") == "\(turns)", "the session lives on at its server")
            try await peer.release(label)
            try await finished(label, of: fleet)
            #expect(try executions(label, of: fleet) == 1, "the tool ran again")
            try again.process.mustBeAlive()
        }

        @Test(arguments: Topology.matrix(.attached))
        func attachmentsComeAndGo(_ topology: Topology) async throws {
            let fleet = try await Fleet.stateful.value
            let nodes = try await Deployment.start(topology, before: [fleet.servers[0]])
            let peer = try await Peer.open(nodes.first.endpoint())
            #expect(try await peer.call("whoami") == fleet.servers[0].name)
            let second = try Attachment(
                fleet.servers[1], to: "main", over: try #require(nodes.meeting), secret: Deployment.secret)
            for node in nodes.nodes {
                try await until("a session on the new instance") {
                    try await Peer.open(node.endpoint()).call("whoami") == fleet.servers[1].name
                }
            }
            nodes.attachments[0].process.send(SIGTERM)
            #expect(try await nodes.attachments[0].process.end() == .exit(0))
            for node in nodes.nodes {
                for _ in 1...5 {
                    #expect(try await Peer.open(node.endpoint()).call("whoami") == fleet.servers[1].name)
                }
            }
            second.process.send(SIGTERM)
            #expect(try await second.process.end() == .exit(0))
            for node in nodes.nodes {
                let refused = try await Peer(endpoint: node.endpoint()).post(Peer.initialize())
                #expect(refused.status == 503 && refused["Retry-After"] != nil, "\(refused.status) \(refused.text)")
            }
        }
    }
}
