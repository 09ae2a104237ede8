// Limits and waits that protect the node: connections, sessions, streams, calls, slow clients, idle sessions.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct LimitTests {
        @Test func connectionsAboveTheCapGet503() async throws {
            let gateway = try await Gateway.start(
                before: Fleet.stateful.value.servers, "event_loops: 1\nlimits: {connections: 2}")
            let held = try (1...2).map { _ in try RawConnection(to: gateway.port) }
            for connection in held {
                await connection.send(HTTPAnswer.request(gateway.endpoint("/nope"), "GET", []))
                #expect(try await AnswerReader(connection).answer().status == 404)
            }
            let refused = try await HTTPAnswer.get(gateway.endpoint())
            #expect(refused.status == 503 && refused.closes && refused["Retry-After"] != nil)
            #expect(try await gateway.admin("/livez").status == 200, "the operators' listener has its own room")
            held[0].abandon()
            try await until("room again") { try await HTTPAnswer.get(gateway.endpoint("/nope")).status == 404 }
        }

        /// All come from one address: whoever has most gives up what it does not use, and what it uses stays.
        @Test func aFullTableTakesFromWhoHasMost() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers, "limits: {sessions: 2}")
            let peers = [try await Peer.open(gateway.endpoint()), try await Peer.open(gateway.endpoint())]
            let streams = [try await peers[0].stream("GET"), try await peers[1].stream("GET")]
            #expect(streams.allSatisfy { $0.head.status == 200 })
            let refused = try await Peer(endpoint: gateway.endpoint()).post(Peer.initialize())
            #expect(refused.status == 503 && refused["Retry-After"] != nil, "\(refused.text)")
            #expect(refused.json["error"]["code"].integer == -32603 && refused.json["id"] == 0)
            #expect(refused["Mcp-Session-Id"] == nil)
            #expect(try await peers[0].send("DELETE").status == 200)
            let third = try await Peer.open(gateway.endpoint())
            #expect(try await third.call("counter") == "1")
            // It is the only one in which nothing runs.
            #expect(try await Peer.open(gateway.endpoint()).call("counter") == "1")
            #expect(try await third.send("GET").status == 404)
            #expect(try await peers[1].call("counter") == "1")
            #expect(streams.count == 2, "they are held until here")
        }

        /// Where streams cannot be resumed, each GET is one of its own. The servers allow one only, so an instance that
        /// allows many is asked.
        @Test func streamsAboveTheLimitAreRefused() async throws {
            let recorder = try await TestServer.recorder("streams")
            let upstream = Publication(servers: [recorder], options: "resumable: off").upstream()
            let gateway = try await Gateway.start([upstream], "limits: {streams_per_session: 2}")
            let peer = try await Peer.open(gateway.endpoint())
            let other = try await Peer.open(gateway.endpoint())
            let streams = [try await peer.stream("GET"), try await peer.stream("GET")]
            #expect(streams.allSatisfy { $0.head.status == 200 })
            let refused = try await peer.send("GET")
            #expect(refused.status == 429, "\(refused.text)")
            #expect(refused.json["error"]["code"].integer != nil)
            #expect(try await other.stream("GET").head.status == 200, "another session has its own room")
            streams[0].connection.abandon()
            try await until("room again") { try await peer.stream("GET").head.status == 200 }
        }

        /// Told with 200: Python clients take every other status for the end of their session.
        @Test func callsAboveTheLimitAreRefused() async throws {
            let gateway = try await Gateway.start(
                before: Fleet.stateful.value.servers, "limits: {calls_per_session: 2}")
            let peer = try await Peer.open(gateway.endpoint())
            let running = [try await peer.question(id: 1), try await peer.question(id: 2)]
            let refused = try await peer.post(Peer.call("counter", id: 3))
            #expect(refused.status == 200 && refused.json["id"] == 3, "\(refused.text)")
            #expect(refused.json["error"]["code"].integer == -32603)
            #expect(refused.json["error"]["data"]["reason"] == "too_many_calls")
            #expect(try await Peer.open(gateway.endpoint()).call("counter") == "1", "another session has its own room")
            // Answers and notifications are no calls.
            for (call, question) in running {
                try await peer.answer(question)
                #expect(try await call.whole().toolText == "accept w")
            }
            #expect(try await peer.call("counter") == "1", "the refused call was not run")
        }

        /// A batch counts like the calls in it.
        @Test func aBatchCannotExceedTheLimitOfCalls() async throws {
            let gateway = try await Gateway.start(
                before: Fleet.stateful.value.servers, "limits: {calls_per_session: 2}")
            let peer = try await Peer.open(gateway.endpoint(), version: "2025-03-26")
            let calls = (1...5).map { Peer.call("slow", #"{"seconds":1}"#, id: $0) }
            let answer = try await peer.post("[\(calls.joined(separator: ","))]")
            let run = answer.messages.filter { $0["result"] != .null }
            #expect(run.count <= 2, "\(run.count) calls of one batch ran at once where 2 may: \(answer.status)")
        }

        @Test func idleSessionsEndHereAndUpstream() async throws {
            let recorder = try await TestServer.recorder("idle")
            let gateway = try await Gateway.start(before: [recorder], "session_idle: 1s")
            let idle = try await Peer.open(gateway.endpoint())
            // Again if this test was held up for so long that the session ended before its stream was there.
            let (streaming, stream) = try await eventually("a session with a stream") {
                let peer = try await Peer.open(gateway.endpoint())
                let stream = try await peer.stream("GET")
                return stream.head.status == 200 ? (peer, stream) : nil
            }
            try await until("the idle session's end") { try await gateway.metric("patchbay_sessions") == 1 }
            #expect(try await idle.post(Peer.call("any")).status == 404)
            #expect(try await idle.send("DELETE").status == 404)
            try await until("DELETE at the instance") {
                try await Recording.of(recorder).contains { $0.verb == "DELETE" && $0.session != nil }
            }
            #expect(try await streaming.post(Peer.call("any")).status == 200, "an open stream keeps a session")
            stream.connection.abandon()
        }

        @Test func slowRequestsGet408() async throws {
            let gateway = try await Gateway.start(
                before: Fleet.stateful.value.servers, "timeouts: {head: 500ms, body: 500ms, keep_alive: 1s}")
            let pieces = [
                "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\n",
                "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                    + "Accept: application/json, text/event-stream\r\nContent-Length: 50\r\n\r\n{",
            ]
            for piece in pieces {
                let connection = try RawConnection(to: gateway.port)
                await connection.send(piece)
                let reader = AnswerReader(connection)
                let answer = try await reader.answer()
                #expect(answer.status == 408 && answer.closes, "\(answer.text)")
                #expect(try await reader.seesClose())
            }
            let idle = try RawConnection(to: gateway.port)
            await idle.send(HTTPAnswer.request(gateway.endpoint("/nope"), "GET", []))
            let reader = AnswerReader(idle)
            #expect(try await reader.answer().status == 404)
            #expect(try await reader.seesClose(), "keep_alive is over")
        }

        @Test func slowReaderIsClosedAndMemoryStaysBounded() async throws {
            let recorder = try await TestServer.recorder("flood")
            let gateway = try await Gateway.start(
                before: [recorder], "limits: {stream_buffer: 256KiB}\ntimeouts: {write: 1s}")
            let peer = try await Peer.open(gateway.endpoint())
            let before = try gateway.residentBytes()
            let connection = try RawConnection(to: gateway.port, receiveBuffer: 4096)
            await connection.send(
                HTTPAnswer.request(gateway.endpoint(), "POST", peer.headers, body: Array(Peer.call("flood").utf8)))
            try await until("the slow client's end") {
                try await gateway.metric("patchbay_slow_clients_closed_total") == 1
            }
            let growth = try gateway.residentBytes() - before
            #expect(growth < 32 << 20, "the gateway grew by \(growth >> 20) MiB for one slow client")
            let flooded = try await Recording.flooded(recorder)
            #expect(flooded < 64 << 20, "\(flooded >> 20) MiB were taken from the instance for a client that took none")
            // What is left in the kernel's buffers, and then the cut.
            while let bytes = try? await connection.receive(), !bytes.isEmpty {}
            #expect(try await peer.post(Peer.call("any")).toolText == "any", "the session lives on")
        }
    }
}
