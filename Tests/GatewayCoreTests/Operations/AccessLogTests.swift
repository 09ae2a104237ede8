// One line for each request, whatever becomes of it, and nothing in it that a client could forge or that is secret.

import NIOCore
import Synchronization
import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct AccessLogTests {
    /// What a worker has handed on.
    private final class Lines: Sendable {
        let text = Mutex("")
        var all: [String] { text.withLock { $0.split(separator: "\n").map(String.init) } }
    }

    private func node(_ lines: Lines, hasStreamEndpoint: Bool = false) throws -> TestNode {
        try TestNode(hasStreamEndpoint: hasStreamEndpoint, parts: { parts in
            parts.accessLog = { batch in lines.text.withLock { $0 += batch } }
        })
    }

    @Test func writesALineForEachRequest() throws {
        let lines = Lines()
        let node = try node(lines)
        let session = try node.openSession(id: "secret-upstream-id")
        try node.post(Body.call(), session: session.token)
        node.lane.last?.answer(Body.result())
        try node.post(Body.call(), session: "unknown")
        try node.post("{")
        try node.send("PUT", headers: [("Host", "localhost")])
        try node.send("POST", headers: [("Host", "evil.example")])
        try node.send("GET", "/nowhere", headers: [("Host", "localhost")])
        try node.send("POST", headers: [("Host", "localhost"), ("Content-Type", "text/plain")])
        node.pass(.seconds(1))
        let all = lines.all
        #expect(all.count == 8)
        #expect(all.allSatisfy { $0.hasPrefix("time=") && $0.contains(" msg=access ") && $0.contains(" status=") })
        #expect(all[0].contains("method=initialize"))
        #expect(all[1].contains("method=tools/call"))
        #expect(all[1].contains("outcome=ok"))
        let statuses = all.dropFirst(2).map { $0.firstMatch(of: /status=(\d+)/)?.1 ?? "-" }
        #expect(statuses == ["404", "400", "405", "403", "404", "400"])
        #expect(!all.joined().contains(session.token.prefix(20)))
        #expect(!all.joined().contains("secret-upstream-id"))
    }

    @Test func writesNothingOfTheClientsText() throws {
        let lines = Lines()
        let node = try node(lines)
        try node.post(Body.request("tools/call status=200 forged"), headers: [("User-Agent", "forged")])
        try node.send("GET", "/forged", headers: [("Host", "localhost")])
        try node.send("FORGED", headers: [("Host", "localhost")])
        node.pass(.seconds(1))
        #expect(lines.all.count == 3)
        #expect(!lines.all.joined().lowercased().contains("forged"))
    }

    @Test func handsOnBatches() {
        let lines = Lines()
        var log = AccessLog { batch in lines.text.withLock { $0 += batch } }
        log.add("one\n")
        #expect(lines.all.isEmpty)
        log.add(String(repeating: "x", count: 40_000) + "\n")
        #expect(lines.all.count == 2)
        log.flush()
        #expect(lines.all.count == 2)
    }
}
