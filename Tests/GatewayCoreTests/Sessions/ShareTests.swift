// Nobody takes all that there is: in a full table whoever has most sessions gives up what it does not use, and
// questions and detached exchanges have a share for each owner.

import Testing

@testable import GatewayCore

@Suite("Shares") struct ShareTests {
    private func node(sessions: Int = 6) throws -> TestNode {
        try TestNode(parts: {
            $0.limits.sessions = sessions
            $0.principalHeader = Array("x-user".utf8)
        })
    }

    private func open(_ node: TestNode, _ user: String) throws -> TestSession {
        try node.openSession(id: "s-\(node.lane.opened.count)", headers: [("X-User", user)])
    }

    @Test("One principal's flood ends its own sessions, the one unused for longest first")
    func flood() throws {
        let node = try node()
        let victim = try open(node, "victim")
        var flood: [TestSession] = []
        for _ in 0..<20 {
            flood.append(try open(node, "flood"))
            node.pass(.seconds(1))
        }
        #expect(!victim.session.hasEnded)
        #expect(flood.last?.session.hasEnded == false)
        #expect(flood.first?.session.hasEnded == true)
        let late = try open(node, "late")
        #expect(!late.session.hasEnded)
        #expect(node.gateway.sessions.count <= 6)
        #expect(node.worker.metrics.sessionsGivenUp > 0)
        // Its instance is told.
        #expect(node.lane.opened.contains { $0.verb == .delete })
    }

    @Test("Who has one session keeps it, and a table full of such takes no more")
    func oneEach() throws {
        let node = try node()
        let all = try (0..<6).map { try open(node, "user-\($0)") }
        let call = try node.post(Body.initialize(), headers: [("X-User", "late")])
        #expect(call.status == 503)
        #expect(all.allSatisfy { !$0.session.hasEnded })
    }

    @Test("A session in which something runs is not given up for its own owner")
    func busyOnes() throws {
        let node = try node(sessions: 2)
        let sessions = try (0..<2).map { _ in try open(node, "busy") }
        let calls = try sessions.map {
            try node.post(Body.call(), session: $0.token, headers: [("X-User", "busy")])
        }
        #expect(try node.post(Body.initialize(), headers: [("X-User", "busy")]).status == 503)
        #expect(sessions.allSatisfy { !$0.session.hasEnded })
        for call in calls { call.leave() }
        let other = try open(node, "other")
        #expect(!other.session.hasEnded)
        #expect(sessions.count { $0.session.hasEnded } == 1)
    }

    @Test("IPv6 addresses of one network are one owner, IPv4 addresses are each their own")
    func addresses() {
        #expect(Owner.source("2001:db8::1") == Owner.source("2001:db8::ffff:1"))
        #expect(Owner.source("2001:db8::1") != Owner.source("2001:db8:0:1::1"))
        #expect(Owner.source("192.0.2.1") != Owner.source("192.0.2.2"))
        #expect(Owner.source("::ffff:192.0.2.1") != Owner.source("::ffff:192.0.2.2"))
        var someone = Principal()
        someone.high = 1
        #expect(Owner(someone, source: 1) == Owner(someone, source: 2))
        #expect(Owner(.anonymous, source: 1) != Owner(.anonymous, source: 2))
    }

    @Test("One owner's questions leave room for another's")
    func questions() throws {
        let node = try TestNode(
            options: { $0.isResumable = true },
            parts: {
                $0.limits.questions = 8
                $0.principalHeader = Array("x-user".utf8)
            })
        func ask(_ user: String, _ count: Int) throws -> TestCall {
            let session = try open(node, user)
            let call = try node.post(Body.call(), session: session.token, headers: [("X-User", user)])
            let exchange = try #require(node.lane.last)
            exchange.begin(200, .eventStream)
            for number in 0..<count { exchange.send(event(StreamBench.question("\(number)"))) }
            return call
        }
        let first = try ask("flood", 5)
        #expect(first.text.components(around: "elicitation/create").count == 4)
        #expect(node.worker.metrics.questionsRefused == 1)
        let second = try ask("victim", 1)
        #expect(second.text.contains("elicitation/create"))
    }

    @Test("One owner's answers that are read unheard leave room for another's")
    func detached() throws {
        let node = try TestNode(parts: {
            $0.limits.detachedExchanges = 8
            $0.principalHeader = Array("x-user".utf8)
        })
        func leave(_ user: String, _ count: Int) throws {
            let session = try open(node, user)
            for id in 0..<count {
                try node.post(Body.call(id: id), session: session.token, headers: [("X-User", user)]).leave()
            }
        }
        try leave("flood", 5)
        #expect(node.worker.metrics.detached == 4)
        try leave("victim", 1)
        #expect(node.worker.metrics.detached == 5)
        for exchange in node.lane.running { exchange.answer(Body.result()) }
        node.expectIdle()
        #expect(node.worker.detached.isEmpty)
    }
}
