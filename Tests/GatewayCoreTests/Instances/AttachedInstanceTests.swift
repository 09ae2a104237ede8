// Instances that come and go by themselves: what a node knows of one that it has not heard of, and of one that is away.

import MemoryTransport
import NIOCore
import Testing
import TransportAPI
import TransportKit

@testable import GatewayCore

@Suite struct AttachedInstanceTests {
    private let cluster: TestCluster
    private var node: TestNode { cluster[0] }

    init() throws {
        cluster = try TestCluster(2) { _ in } parts: { parts in
            let group = parts.upstreams[0]
            parts.upstreams = [
                UpstreamGroup(
                    index: 0, name: group.name, digest: group.digest, path: group.path, instances: [],
                    transport: group.transport, options: group.options, takesAttachments: true)
            ]
        }
    }

    private func attachment(
        _ name: String = "beside", incarnation: UInt64 = 99, capacity: UInt32 = 0, load: UInt32 = 0
    ) throws -> PresentMember {
        let id = try #require(MemberID(name: name, incarnation: incarnation))
        let offer = Heartbeat.Attached(
            upstream: "main", instance: name, label: "", era: Era.stateful.rawValue, hasStreamEndpoint: true,
            capacity: capacity)
        let heartbeat = Heartbeat(role: .attachment, isDraining: false, isReady: true, load: load, attached: offer)
        var table = PresenceTable(own: .test)
        _ = table.heard(heartbeat, from: id, now: .now())
        return try #require(table.member(incarnation: incarnation))
    }

    /// A token of another start of this node, whose session lives behind the attachment.
    private func token() -> String {
        let unix = node.gateway.clock.unixSeconds
        let token = SessionToken(
            session: SessionID(high: 5, low: 6), incarnation: 1234, upstream: node.upstream.digest,
            instance: Gateway.digest("beside"), node: 77, principal: .anonymous, revision: 3, kinds: 0, minted: unix,
            expires: unix + 100_000, upstreamSessionID: Array("up".utf8))
        return String(decoding: token.seal(node.worker.sealer), as: UTF8.self)
    }

    @Test("An instance that is known from a token alone gets nothing new, until its attachment says what it is")
    func waitsForTheAttachment() throws {
        let call = try node.post(Body.call(), session: token())
        #expect(call.text.contains("not_delivered"))
        let instance = try #require(node.instances.first)
        #expect(!instance.isEligible)
        #expect(try node.post(Body.initialize()).status == 503)
        node.gateway.noteAttachment(try attachment())
        #expect(node.instances.count == 1)
        #expect(instance.isEligible)
        #expect(instance.name == "beside")
        #expect(instance.hasStreamEndpoint)
        node.gateway.noteDetachment(try attachment())
        #expect(!instance.isEligible)
    }

    private func hear(_ member: PresentMember) {
        node.gateway.noteAttachment(member)
        node.gateway.noteLoad(member.heartbeat, of: member.id)
    }

    @Test("An attachment counts for all nodes; what this node adds counts until it says so again")
    func loadIsThatOfAllNodes() throws {
        try hear(attachment(load: 7))
        let instance = try #require(node.instances.first)
        #expect(instance.load == 7)
        instance.active.add(2, ordering: .relaxed)
        instance.noteBegun()
        #expect(instance.load == 10)
        // The same number, when others have gone: the own is in it now.
        try hear(attachment(load: 7))
        #expect(instance.load == 7)
        instance.active.subtract(2, ordering: .relaxed)
        #expect(instance.load == 5)
        // A session that is known here by its token was counted where it lives.
        instance.sessions.add(1, ordering: .relaxed)
        #expect(instance.load == 5 && !instance.isUnused)
        instance.sessions.subtract(1, ordering: .relaxed)
        node.gateway.noteDetachment(try attachment())
        #expect(instance.load == 0 && instance.isUnused, "what has left can be forgotten")
    }

    @Test("An instance that holds what it is made for gets nothing new; when all do, clients are told to come later")
    func fullInstancesGetNothingNew() throws {
        hear(try attachment(capacity: 5, load: 5))
        let refused = try node.post(Body.initialize())
        #expect(refused.status == 503)
        #expect(refused.text.contains(#""reason":"full""#))
        #expect(refused.header("Retry-After") != nil)
        hear(try attachment("other", incarnation: 98, capacity: 5, load: 4))
        let group = node.upstream
        var random = FastRandom(seed: 1)
        for _ in 0..<100 { #expect(group.choose(.session, random: &random)?.name == "other") }
        // One that is full but for another reason gone is no reason to say so.
        node.gateway.noteDetachment(try attachment("other", incarnation: 98))
        node.gateway.noteDetachment(try attachment())
        #expect(!group.isFull(.session))
        // As much as it will ever say.
        hear(try attachment(capacity: .max, load: .max))
        #expect(group.isFull(.session))
    }

    @Test("The sessions of an attachment that stays away end after a while")
    func givesUpWhoStaysAway() throws {
        let token = token()
        #expect(try node.post(Body.call(), session: token).text.contains("not_delivered"))
        node.pass(.seconds(60))
        #expect(try node.post(Body.call(), session: token).text.contains("not_delivered"))
        node.pass(.seconds(61))
        #expect(try node.post(Body.call(), session: token).status == 404)
    }

    @Test("While the bus is broken nobody is given up, and the time does not count")
    func waitsForTheBus() throws {
        let token = token()
        #expect(try node.post(Body.call(), session: token).text.contains("not_delivered"))
        node.gateway.noteDeafness()
        node.pass(.seconds(300))
        #expect(try node.post(Body.call(), session: token).text.contains("not_delivered"))
        try #require(node.instances.first).countAway(from: node.worker.nowSeconds)
        node.gateway.noteHearing()
        node.pass(.seconds(60))
        #expect(try node.post(Body.call(), session: token).text.contains("not_delivered"))
        node.pass(.seconds(61))
        #expect(try node.post(Body.call(), session: token).status == 404)
        node.gateway.noteAttachment(try attachment())
        #expect(try node.post(Body.call(), session: token).status != 404)
    }

    @Test("The end of a session whose attachment cannot be reached is put on record, and told")
    func recordsTheEndInstead() throws {
        let token = token()
        node.gateway.noteAttachment(try attachment())
        cluster[1].gateway.noteAttachment(try attachment())
        let session = try #require(Array(token.utf8).withUnsafeBytes { node.worker.find($0) })
        node.worker.record(session, handshake: []) {}
        _ = try cluster[1].post(Body.call(), session: token)
        let deletion = try node.delete(session: token)
        cluster.settle()
        #expect(deletion.status == 200)
        var record: SessionRecord?
        node.worker.lookUp(session) { record = $0 }
        cluster.settle()
        #expect(record?.state == .ended)
        #expect(try cluster[1].post(Body.call(), session: token).status == 404)
    }
}
