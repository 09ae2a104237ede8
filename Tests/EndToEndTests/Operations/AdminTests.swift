// The operators' listener: /livez, /readyz and /metrics.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct AdminTests {
        @Test func readyOnceAnInstanceIsUp() async throws {
            let server = try await TestServer.start("late")
            let port = server.port
            try await server.process.kill9()
            let gateway = try await Gateway.start(
                ["{name: main, instances: [\"http://127.0.0.1:\(port)/mcp\"], \(quickHealth)}"])
            #expect(try await gateway.admin("/livez").status == 200)
            let down = try await gateway.admin("/readyz")
            #expect(down.status == 503 && !down.text.isEmpty)
            let refused = try await Peer(endpoint: gateway.endpoint()).post(Peer.initialize())
            #expect(refused.status == 503 && refused["Retry-After"] != nil, "\(refused.text)")
            #expect(refused.json["error"]["data"]["reason"].string != nil && refused.json["id"] == 0)
            #expect(try await gateway.metric("patchbay_instance_up") == 0)

            let again = try await server.restarted()
            try await until("ready with one instance") { try await gateway.admin("/readyz").status == 200 }
            #expect(try await Peer.open(gateway.endpoint()).call("counter") == "1")
            #expect(try await gateway.metric("patchbay_instance_up") == 1)
            try await again.process.kill9()
            try await until("unready again") { try await gateway.admin("/readyz").status == 503 }
        }

        @Test func metricsCountWhatWasDone() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers)
            let peer = try await Peer.open(gateway.endpoint())
            for _ in 1...3 { _ = try await peer.call("counter") }
            #expect(try await peer.post("{").status == 400)
            let stream = try await peer.stream("GET")
            #expect(stream.head.status == 200)
            try await until("an open stream") { try await gateway.metric("patchbay_streams") == 1 }
            #expect(try await gateway.metric("patchbay_sessions") == 1)
            #expect(try await gateway.metric("patchbay_instance_up") == 3)
            #expect(try await gateway.metric("patchbay_instance_sessions") == 1)
            #expect(try await gateway.metric("patchbay_exchanges_active") == 1)
            #expect(
                try await gateway.metric("patchbay_requests_total", "tools/call", #"outcome="ok""#) == 3)
            #expect(try await gateway.metric("patchbay_requests_total", "initialize", #"outcome="ok""#) == 2)
            #expect(try await gateway.metric("patchbay_requests_total", #"outcome="refused""#) == 1)
            #expect(
                try await gateway.metric("mcp_server_operation_duration_seconds_count", "tools/call") == 3)
            #expect(try await gateway.metric("patchbay_draining") == 0)
            stream.connection.abandon()
            #expect(try await peer.send("DELETE").status == 200)
            try await until("no session and no stream") {
                let (sessions, streams) = (
                    try await gateway.metric("patchbay_sessions"), try await gateway.metric("patchbay_streams")
                )
                return sessions == 0 && streams == 0
            }
        }

        @Test func metricsPageIsSound() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers)
            _ = try await Peer.open(gateway.endpoint()).call("counter")
            let page = try await gateway.admin("/metrics")
            #expect(page.status == 200 && page["Content-Type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            let file = try Scratch.write(page.text, as: "metrics")
            let check = try ManagedProcess(
                "promtool", "/bin/sh", ["-c", "exec promtool check metrics <\"$1\"", "sh", file])
            let end = try await check.end()
            #expect(end == .exit(0) && check.errors.text.isEmpty, "\(end) \(check.output.text) \(check.errors.text)")
        }

        @Test func nothingElseIsThere() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers)
            let admin = Endpoint(port: gateway.adminPort, path: "/livez")
            #expect(try await gateway.admin("/").status == 404)
            #expect(try await gateway.admin("/mcp").status == 404)
            #expect(try await HTTPAnswer.to(admin, "POST", body: []).status == 405)
            #expect(try await HTTPAnswer.to(admin, "GET", [("Host", "evil.example")]).status == 403)
            #expect(try await HTTPAnswer.to(admin, "GET", [("Origin", "http://evil.example")]).status == 403)
            #expect(try await HTTPAnswer.get(gateway.endpoint("/metrics")).status == 404)
            #expect(try await HTTPAnswer.get(gateway.endpoint("/livez")).status == 404)
        }
    }
}
