// An instance is killed: what ran there is told once and never repeated, its sessions end, new ones go elsewhere, and
// it is used again when it is back.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct InstanceLossTests {
        @Test(arguments: [false, true])
        func killedInstance(answersWithJSON: Bool) async throws {
            let (one, two, tally) = try await (answersWithJSON ? pair("lost-json", "--json") : pair("lost"))
            let gateway = try await Gateway.start(
                ["{name: main, instances: \([one, two].yaml), \(quickHealth)}"])
            let lost = try await session(on: one, of: gateway)
            let kept = try await session(on: two, of: gateway)
            #expect(try await kept.call("counter") == "1")
            let label = "lost-\(gateway.port)"
            let call = Task {
                try await lost.post(Peer.call("slow", #"{"seconds":30,"label":"\#(label)"}"#, id: 9))
            }
            try await until("the call at its server") { try !Fleet.executions(label, in: tally).isEmpty }
            try await one.process.kill9()

            let answer = try await call.value
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.messages.count == 1 && answer.response["id"] == 9, "\(answer.text)")
            #expect(answer.response["error"]["code"].integer == -32603)
            #expect(answer.response["error"]["data"]["reason"] == "outcome_unknown", "\(answer.text)")

            for verb in ["POST", "GET", "DELETE"] {
                let gone = try await lost.send(verb, verb == "POST" ? Scene.ping : nil)
                #expect(gone.status == 404, "\(verb): \(gone.text)")
            }
            #expect(try await kept.call("counter") == "2")
            for _ in 1...5 { #expect(try await Peer.open(gateway.endpoint()).call("whoami") == two.name) }
            #expect(try Fleet.executions(label, in: tally).count == 1, "a call was repeated")

            let again = try await one.restarted()
            _ = try await session(on: again, of: gateway)
            #expect(try await lost.post(Scene.ping).status == 404, "what has ended stays ended")
            #expect(try await kept.call("counter") == "3")
        }

        /// Before any health check has noticed: a refused connection proves that nothing was sent.
        @Test func newSessionsNeverSeeARefusedConnection() async throws {
            let (one, two, _) = try await pair("refusing")
            let gateway = try await Gateway.start(
                ["{name: main, instances: \([one, two].yaml), health: {interval: 1m, timeout: 2s}}"])
            try await one.process.kill9()
            for _ in 1...8 { #expect(try await Peer.open(gateway.endpoint()).call("whoami") == two.name) }
        }

        @Test func statelessCallsGoElsewhere() async throws {
            let tally = Scratch.path("modern-lost.tally")
            async let first = TestServer.start("modern-a", isModern: true, ["--tally", tally])
            async let second = TestServer.start("modern-b", isModern: true, ["--tally", tally])
            let (one, two) = try await (first, second)
            let gateway = try await Gateway.start(
                ["{name: main, instances: \([one, two].yaml), health: {interval: 1m, timeout: 2s}}"])
            let label = "stateless-\(gateway.port)"
            let slow = ModernCall("tools/call", named: "slow", #""arguments":{"seconds":30,"label":"\#(label)"},"#)
            let call = Task { try await slow.sent(to: gateway.endpoint()) }
            let execution = try await eventually("the call at its server") {
                try Fleet.executions(label, in: tally).first
            }
            let (lost, kept) = execution.hasPrefix(one.name) ? (one, two) : (two, one)
            try await lost.process.kill9()
            let answer = try await call.value
            #expect(answer.response["error"]["data"]["reason"] == "outcome_unknown", "\(answer.status) \(answer.text)")
            #expect(answer.response["id"] == 1)
            for _ in 1...8 {
                let next = try await ModernCall("tools/call", named: "whoami").sent(to: gateway.endpoint())
                #expect(next.toolText == kept.name, "\(next.text)")
            }
            #expect(try Fleet.executions(label, in: tally).count == 1, "a call was repeated")
        }
    }
}
