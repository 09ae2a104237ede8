// The log lines about links. Who knocks with a wrong secret does so again and again: of each address there is one line
// in ten seconds, and of strangers from many addresses a bounded number. Belongs to the cluster's loop.
internal import Logging
internal import NIOCore
internal import TransportAPI

final class PeerLog {
    /// Pause between two lines about one address.
    private static let pause = TimeAmount.seconds(10)
    /// Addresses that are remembered. Beyond: all are forgotten.
    private static let addressesMax = 256
    /// Lines about connections that did not become links, within ``pause``. Beyond: counted, and told with a later one.
    private static let refusalsMax = 20

    private let logger: Logger
    private var last: [String: NIODeadline] = [:]
    private var refusalsSince = NIODeadline.now()
    private var refusals = 0
    private var leftOut = 0

    init(_ logger: Logger) { self.logger = logger }

    /// A connection that did not become a link.
    func refused(_ address: String, _ reason: LinkEnd) {
        if reason.isQuiet { return }
        guard reason.isHostile else {
            logger.debug("a connection ended before it was a link", metadata: Self.metadata(address, reason))
            return
        }
        guard isDue(address), hasRoomForRefusal() else { return }
        var metadata = Self.metadata(address, reason)
        if leftOut > 0 { metadata["others"] = "\(leftOut) from other addresses were not logged" }
        leftOut = 0
        logger.warning("a connection was refused as a link", metadata: metadata)
    }

    private func hasRoomForRefusal() -> Bool {
        let now = NIODeadline.now()
        if now - refusalsSince >= Self.pause {
            refusalsSince = now
            refusals = 0
        }
        refusals += 1
        if refusals > Self.refusalsMax { leftOut += 1 }
        return refusals <= Self.refusalsMax
    }

    /// A peer could not be dialled.
    func unreachable(_ address: PeerAddress, _ reason: LinkEnd, isNews: Bool) {
        if reason.isQuiet { return }
        let metadata = Self.metadata(address.description, reason)
        if reason.isHostile || isNews {
            guard isDue(address.description) else { return }
            logger.warning("no link to a peer; it is tried again and again", metadata: metadata)
        } else {
            logger.debug("no link to a peer; it is tried again and again", metadata: metadata)
        }
    }

    func unresolved(_ name: String, _ reason: String) {
        guard isDue(name) else { return }
        logger.warning(
            "the name of the peers cannot be resolved; it is tried again",
            metadata: ["name": "\(name)", "error": "\(reason)"])
    }

    func tooManyAddresses(_ count: Int, _ most: Int) {
        guard isDue("addresses") else { return }
        logger.warning(
            "there are more peer addresses than allowed; the others are left out",
            metadata: ["addresses": "\(count)", "limit": "\(most)"])
    }

    func linked(_ member: MemberID, _ link: PeerLink) {
        logger.info("linked", metadata: ["peer": "\(member)", "address": "\(link.address)", "way": "\(link.side.text)"])
    }

    func unlinked(_ member: MemberID, _ link: PeerLink, _ reason: LinkEnd) {
        var metadata = Self.metadata(link.address, reason)
        metadata["peer"] = "\(member)"
        metadata["way"] = "\(link.side.text)"
        if reason.isQuiet {
            logger.info("a link ended", metadata: metadata)
        } else if !reason.isHostile || isDue(link.address) {
            logger.warning("a link broke", metadata: metadata)
        }
    }

    func suspect(_ member: MemberID, _ isSuspect: Bool) {
        if isSuspect {
            logger.warning("nothing is heard from a peer: it gets no new records", metadata: ["peer": "\(member)"])
        } else {
            logger.notice("a peer is heard again", metadata: ["peer": "\(member)"])
        }
    }

    func gap(_ member: MemberID) {
        logger.notice("messages of a peer may have been lost: subscriptions end", metadata: ["peer": "\(member)"])
    }

    func oneSided(_ member: MemberID, _ address: String) {
        logger.warning(
            "a node linked to this one, but this one has no link to it and sends it nothing: add it to cluster.peers",
            metadata: ["peer": "\(member)", "address": "\(address)"])
    }

    func oneCopy(_ member: MemberID) {
        guard isDue("copy of \(member)") else { return }
        logger.warning(
            "a record was answered for with one copy: the second node did not answer in time",
            metadata: ["peer": "\(member)"])
    }

    private func isDue(_ address: String) -> Bool {
        let now = NIODeadline.now()
        if let last = last[address], now - last < Self.pause { return false }
        if last.count >= Self.addressesMax { last = [:] }
        last[address] = now
        return true
    }

    private static func metadata(_ address: String, _ reason: LinkEnd) -> Logger.Metadata {
        ["address": "\(address)", "reason": "\(reason.text)"]
    }
}

extension PeerLink.Side {
    /// For the log.
    var text: String { if case .accepted = self { "accepted" } else { "dialled" } }
}
