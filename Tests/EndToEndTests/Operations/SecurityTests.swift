// Certificates of instances, secrets across restarts, identities of clients, and what the logs may not say.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct SecurityTests {
        @Test func privateAuthorityIsTrustedWhenConfigured() async throws {
            let authority = try await Authority()
            let server = try await TestServer.start("tls", authority.serverOptions(for: "IP:127.0.0.1"))
            let trusting = try await gateway(before: server, tls: "{ca_file: \"\(authority.file)\"}")
            #expect(try await trusting.admin("/readyz").status == 200)
            let peer = try await Peer.open(trusting.endpoint())
            #expect(try await peer.call("counter") == "1")
            #expect(try await peer.call("counter") == "2")
            try await expectRefusal(before: server, tls: "{}")
            let careless = try await gateway(before: server, tls: "{verify: false}")
            #expect(try await Peer.open(careless.endpoint()).call("counter") == "1")
            #expect(careless.process.errors.text.contains("not verified"), "a warning is due")
        }

        @Test func namesOfInstancesAreChecked() async throws {
            let authority = try await Authority()
            let server = try await TestServer.start("tls-name", authority.serverOptions(for: "DNS:instance.test"))
            let file = authority.file
            try await expectRefusal(before: server, tls: "{ca_file: \"\(file)\"}")
            try await expectRefusal(before: server, tls: "{ca_file: \"\(file)\", server_name: other.test}")
            let named = try await gateway(before: server, tls: "{ca_file: \"\(file)\", server_name: instance.test}")
            #expect(try await Peer.open(named.endpoint()).call("counter") == "1")
        }

        private func gateway(before server: TestServer, tls: String) async throws -> Gateway {
            try await .start(["{name: main, instances: \([server].yaml), tls: \(tls)}"])
        }

        /// Nothing was sent, so new sessions are told to come again.
        private func expectRefusal(before server: TestServer, tls: String) async throws {
            let wary = try await gateway(before: server, tls: tls)
            #expect(try await wary.admin("/readyz").status == 503, "\(tls)")
            let refused = try await Peer(endpoint: wary.endpoint()).post(Peer.initialize())
            #expect(refused.status == 503, "\(tls): \(refused.text)")
            #expect(refused.json["error"]["code"].integer == -32603)
        }

        @Test func sessionsSurviveARestartWithTheSameSecret() async throws {
            let fleet = try await Fleet.stateful.value
            let old = try Scratch.write(UUID().uuidString, as: "secret")
            let new = try Scratch.write(UUID().uuidString, as: "secret")
            let first = try await Gateway.start(before: fleet.servers, "secret: \"${file:\(old)}\"")
            var peer = try await Peer.open(first.endpoint())
            #expect(try await peer.call("counter") == "1")
            #expect(try await first.stop() == .exit(0))

            let same = try await Gateway.start(before: fleet.servers, "secret: \"${file:\(old)}\"")
            peer.endpoint = same.endpoint()
            #expect(try await peer.call("counter") == "2")
            let rotated = try await Gateway.start(
                before: fleet.servers, "secret: [\"${file:\(new)}\", \"${file:\(old)}\"]")
            peer.endpoint = rotated.endpoint()
            #expect(try await peer.call("counter") == "3")
            for settings in ["", "secret: \"${file:\(new)}\""] {
                let other = try await Gateway.start(before: fleet.servers, settings)
                peer.endpoint = other.endpoint()
                #expect(try await peer.post(Scene.ping).status == 404, "\(settings)")
            }
            peer.endpoint = same.endpoint()
            #expect(try await peer.call("counter") == "4")
        }

        @Test func sessionsBelongToTheirPrincipal() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers, "principal_from: x-user")
            let alice = try await Peer.open(gateway.endpoint(), headers: [("X-User", "alice")])
            #expect(try await alice.call("counter") == "1")
            for other in [[("X-User", "bob")], []] {
                var bob = alice
                bob.headers = alice.headers.filter { $0.0 != "X-User" } + other
                for verb in ["POST", "GET", "DELETE"] {
                    let answer = try await bob.send(verb, verb == "POST" ? Scene.ping : nil)
                    #expect(answer.status == 404, "\(verb) \(other): \(answer.text)")
                }
            }
            #expect(try await alice.call("counter") == "2")
        }

        @Test func everyRequestHasOneAccessLineWithoutSecrets() async throws {
            let fleet = try await Fleet.stateful.value
            let gateway = try await Gateway.start(
                ["{name: main, forward_authorization: true, instances: \(fleet.servers.yaml)}"],
                "access_log: true\nlog_level: trace\nprincipal_from: authorization")
            let token = "token-\(UUID().uuidString)"
            let peer = try await Peer.open(gateway.endpoint(), headers: [("Authorization", "Bearer \(token)")])
            _ = try await peer.call("counter")
            #expect(try await peer.post("{").status == 400)
            var foreign = peer
            foreign.headers.append(("Origin", "http://evil.example"))
            #expect(try await foreign.post(Scene.ping).status == 403)
            #expect(try await HTTPAnswer.get(gateway.endpoint("/nope?secret=1")).status == 404)
            #expect(try await peer.send("DELETE").status == 200)
            #expect(try await peer.post(Scene.ping).status == 404)
            #expect(try await gateway.stop() == .exit(0))

            let lines = gateway.process.errors.lines.filter { $0.contains("msg=access") }
            // initialize, initialized, call, bad JSON, foreign origin, no such path, DELETE, ended session
            #expect(lines.count == 8, "\(lines.joined(separator: "\n"))")
            for status in ["200", "202", "400", "403", "404"] {
                #expect(lines.contains { $0.contains("status=\(status)") }, "no line with status \(status)")
            }
            #expect(lines.contains { $0.contains("method=tools/call") && $0.contains("outcome=ok") })
            let session = try #require(peer.session)
            let log = gateway.process.errors.text
            #expect(!log.contains(token) && !log.contains(session) && !log.contains(session.suffix(16)))
        }

        @Test func noAccessLineUnlessAsked() async throws {
            let gateway = try await Gateway.start(before: Fleet.stateful.value.servers)
            _ = try await Peer.open(gateway.endpoint()).call("counter")
            #expect(try await gateway.stop() == .exit(0))
            #expect(!gateway.process.errors.text.contains("msg=access"))
        }
    }
}
