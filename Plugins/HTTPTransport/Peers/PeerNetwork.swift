// All links of this member and who is at their ends. It decides which links are wanted, hands frames to the bus and the
// directory, and tells subscriptions of gaps. Everything happens on one event loop.
internal import Logging
internal import NIOCore
internal import SealedBox
internal import TransportAPI

final class PeerNetwork: @unchecked Sendable {
    let own: MemberID
    let options: HTTPClusterOptions
    let loop: any EventLoop
    let bus: PeerBus
    let secrets: [PeerSecret]
    let log: PeerLog
    /// Told of members and asked by them.
    weak var directory: PeerDirectory?
    private(set) lazy var roster = PeerRoster(network: self)

    var links: [ObjectIdentifier: PeerLink] = [:]
    /// Those of ``links`` that were accepted and have not proved the secret.
    var newcomers: PeerNewcomers
    var members: [MemberID: PeerMember] = [:]
    var isClosing = false
    var ticks: RepeatedTask?
    var lastTick = NIODeadline.now()
    /// Fulfilled when every peer was tried and those that were found have found this member.
    var settling: [EventLoopPromise<Void>] = []

    init(own: MemberID, options: HTTPClusterOptions, loop: any EventLoop, bus: PeerBus, logger: Logger) {
        self.own = own
        self.options = options
        self.loop = loop
        self.bus = bus
        newcomers = PeerNewcomers(most: options.handshakesMax, mostOfOrigin: options.handshakesPerAddressMax)
        // With an empty one the start is refused.
        secrets = options.secrets.filter { !$0.isEmpty }.map(PeerSecret.init)
        log = PeerLog(logger)
    }

    func hello(offering: Bool) -> PeerHello {
        PeerHello(
            role: options.role, member: own, nonce: SecureRandom.bytes(PeerHello.nonceCount),
            secrets: offering ? secrets.map(\.id) : [])
    }

    /// Nodes that are linked and stay, oneself included if one is a node that stays. What records are spread over.
    var nodes: [MemberID] {
        var nodes = members.values.filter { $0.role == .node && !$0.isLeaving && !$0.links.isEmpty }.map(\.id)
        if options.role == .node, !isClosing { nodes.append(own) }
        return nodes
    }

    /// Over which records of another node are asked for.
    func link(to node: MemberID) -> PeerLink? { members[node].flatMap { $0.dialled ?? $0.accepted } }

    // MARK: Links come

    /// A connection was accepted. Nil: there is no room for it.
    ///
    /// Strangers never take the places of links: they have their own, and make room for each other.
    func accept(from address: SocketAddress? = nil) -> PeerLink? {
        guard !isClosing else { return nil }
        guard links.count - newcomers.count < options.linksMax else {
            log.refused("new connections", .tooMany("links"))
            return nil
        }
        let link = PeerLink(side: .accepted, network: self)
        links[ObjectIdentifier(link)] = link
        crowdOut(newcomers.enter(link, from: PeerNewcomers.Origin(address)))
        return link
    }

    /// An accepted connection has said what was awaited.
    func advanced(_ link: PeerLink, to step: PeerNewcomers.Step) {
        if link.side == .accepted { crowdOut(newcomers.advance(link, to: step)) }
    }

    private func crowdOut(_ link: PeerLink?) { link?.end(.tooMany("connections that have not proved the secret")) }

    func dial(_ address: PeerAddress) -> PeerLink {
        let link = PeerLink(side: .dialled(address), network: self)
        links[ObjectIdentifier(link)] = link
        return link
    }

    /// The other end has proved the secret. Nil: it is welcome.
    func admit(_ link: PeerLink) -> LinkEnd? {
        guard let remote = link.remote else { return .malformed("no hello") }
        if remote.member == own { return .itself }
        if isClosing { return .closing }
        if link.side != .accepted {
            guard remote.role == .node else { return .malformed("an attachment that accepts links") }
            if members[remote.member]?.dialled != nil { return .duplicate }
        }
        if let member = members[remote.member], member.role != remote.role {
            return .malformed("\(remote.member) as another role than before")
        }
        return nil
    }

    func opened(_ link: PeerLink, _ outbox: PeerOutbox) {
        guard let remote = link.remote else { return }
        let member = members[remote.member] ?? PeerMember(id: remote.member, role: remote.role)
        members[remote.member] = member
        if link.side == .accepted {
            newcomers.remove(link)
            member.accepted?.end(.replaced)
            member.accepted = link
            member.acceptedAt = .now()
            // The dialler waits for a frame before it counts the link as open.
            outbox.offer(.ping(SentCounts()), isBounded: false)
            if member.outbound(at: options.role) === link { bus.open(outbox, to: member.id) }
            if member.role == .node, member.dialled == nil { roster.kick() }
            loop.execute { self.settle() }
        } else {
            member.dialled = link
        }
        log.linked(member.id, link)
        directory?.viewChanged()
    }

    /// The other end counts the link as open too.
    func ready(_ link: PeerLink) {
        guard link.side != .accepted, let remote = link.remote, let outbox = link.outbox else { return }
        bus.open(outbox, to: remote.member)
        link.dialer?.opened()
        settle()
    }

    // MARK: Frames

    func received(_ frame: PeerFrame, _ link: PeerLink) throws(LinkEnd) {
        guard let id = link.remote?.member, let member = members[id] else { return }
        switch frame {
        case .confirm: throw .malformed("a second proof")
        case .ping(let counts), .open(let counts):
            if case .ping = frame, member.inbound(at: options.role) !== link || !link.isAligned { return }
            guard member.inbound(at: options.role) === link else { throw .malformed("counts on the wrong link") }
            if !link.isAligned {
                link.isAligned = true
                settle()
            }
            tell(member.received.align(with: counts), of: member)
        case .direct(let number, let envelope):
            try deliver(envelope, .inbox(own), member.received.direct(number), member, link)
        case .everyone(let number, let envelope):
            try deliver(envelope, .everyone, member.received.broadcast(number), member, link)
        case .topic(let number, let topic, let envelope):
            try deliver(envelope, .topic(topic), member.received.broadcast(number), member, link)
        case .leaving: leaves(member)
        case .goodbye(let counts):
            if member.inbound(at: options.role) === link, link.isAligned {
                tell(member.received.align(with: counts), of: member)
            }
            leaves(member)
            throw .goodbye
        case .request(let request, let body): directory?.asked(request, body, by: member, on: link)
        case .reply(let request, let reply): directory?.answered(request, reply, on: link)
        }
    }

    private func deliver(
        _ envelope: Envelope, _ subject: Subject, _ gap: ReceivedCounts.Gap?, _ member: PeerMember, _ link: PeerLink
    ) throws(LinkEnd) {
        guard member.inbound(at: options.role) === link, link.isAligned, let gap else {
            throw .malformed("an envelope out of its order")
        }
        if gap != [] { tell(gap, of: member) }
        bus.subscriptions.deliver(envelope, to: subject, from: member.id)
    }

    func tell(_ gap: ReceivedCounts.Gap, of member: PeerMember) {
        if gap == [] { return }
        log.gap(member.id)
        bus.subscriptions.tell(
            gap, of: member.id, "Messages from \(member.id) may have been lost: the link to it broke.")
    }

    private func leaves(_ member: PeerMember) {
        if member.isLeaving { return }
        member.isLeaving = true
        directory?.viewChanged()
    }
}
