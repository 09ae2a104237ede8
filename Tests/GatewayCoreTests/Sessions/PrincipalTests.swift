// A session belongs to whoever began it: with `principal_from`, everyone else gets the answer for an unknown id.

import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct PrincipalTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode(parts: { $0.principalHeader = Array("x-user".utf8) })
        session = try node.openSession(headers: [("X-User", "ann")])
    }

    private func status(_ headers: [(String, String)]) throws -> [Int?] {
        let sent = node.lane.opened.count
        let calls = [
            try node.post(Body.call(), session: session.token, headers: headers),
            try node.get(session: session.token, headers: headers),
            try node.delete(session: session.token, headers: headers),
        ]
        if calls[0].status != nil { #expect(node.lane.opened.count == sent) }
        return calls.map(\.status)
    }

    @Test func letsTheOwnerIn() throws {
        #expect(try node.post(Body.call(), session: session.token, headers: [("x-user", "ann")]).status == nil)
        #expect(try node.get(session: session.token, headers: [("X-USER", "ann")]).status == nil)
        #expect(try node.delete(session: session.token, headers: [("X-User", " ann ")]).status == nil)
    }

    @Test(arguments: ["bob", "Ann", "", "ann,ann"])
    func refusesEveryoneElse(_ name: String) throws {
        #expect(try status([("X-User", name)]) == [404, 404, 404])
    }

    @Test func refusesWhoSaysNothing() throws { #expect(try status([]) == [404, 404, 404]) }

    @Test func refusesWhoSaysTwoThings() throws {
        #expect(try status([("X-User", "ann"), ("X-User", "bob")]) == [404, 404, 404])
        #expect(try status([("X-User", "bob"), ("X-User", "ann")]) == [404, 404, 404])
    }

    @Test func knowsNobodyByDefault() throws {
        let node = try TestNode()
        let session = try node.openSession(headers: [("X-User", "ann")])
        #expect(try node.post(Body.call(), session: session.token, headers: [("X-User", "bob")]).status == nil)
    }

    @Test func looksTheSameAsAnUnknownId() throws {
        let foreign = try node.post(Body.call(), session: session.token, headers: [("X-User", "bob")])
        let unknown = try node.post(Body.call(), session: "unknown", headers: [("X-User", "bob")])
        #expect(foreign.text == unknown.text)
        #expect(foreign.sink.lines == unknown.sink.lines)
    }
}
