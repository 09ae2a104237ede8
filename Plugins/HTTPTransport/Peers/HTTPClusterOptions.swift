// What is configured of the links between members, with all their bounds and timings. Values are checked by the
// configuration; impossible timings are refused here once more, because a cluster with them would never agree.
public import NIOCore

/// What a member of an HTTP cluster is.
public enum PeerRole: UInt8, Sendable {
    /// A gateway: listens, dials every other node, keeps records.
    case node = 1
    /// Stands beside an instance: dials every node and accepts nobody.
    case attachment = 2
}

/// Where a node listens for its peers.
public struct PeerAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address literal, without brackets.
    public var host: String
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.utf8.contains(0x3A) ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// How a member knows the nodes. Its own address may be among them: it is recognised and left alone.
public enum PeerSource: Sendable, Equatable {
    case addresses([PeerAddress])
    /// All addresses of one name, asked for again every ``HTTPClusterOptions/resolveEvery``.
    case dns(name: String, port: Int)
}

/// The settings of an ``HTTPCluster``.
public struct HTTPClusterOptions: Sendable {
    public var role: PeerRole
    /// Where a node listens; not looked at for attachments. Port 0 takes a free one.
    public var listen: PeerAddress
    public var peers: PeerSource
    /// One shared secret, or two while it is being rotated. Links are begun with the first one that both ends know.
    public var secrets: [[UInt8]]

    // Timings

    /// Something is heard from a live peer at least this often.
    public var heartbeat = TimeAmount.seconds(1)
    /// Silent for so long: it gets no new records.
    public var suspectAfter = TimeAmount.seconds(3)
    /// Silent for so long: its links are closed. At least two heartbeats and more than ``suspectAfter``.
    public var goneAfter = TimeAmount.seconds(5)
    /// How long a peer whose link broke may take to return before subscriptions end because of it. When it returns
    /// earlier and nothing was lost, they go on. Zero: they end at once.
    public var returnWithin = TimeAmount.seconds(1)
    public var connectTimeout = TimeAmount.seconds(2)
    /// From the accepted or made connection to the proof of the shared secret. Beyond: closed.
    public var handshakeTimeout = TimeAmount.seconds(2)
    /// The most that starting waits for peers.
    public var startWithin = TimeAmount.seconds(3)
    /// The most that closing takes.
    public var closeWithin = TimeAmount.seconds(2)
    /// Pauses between attempts to reach a peer.
    public var redialFirst = TimeAmount.milliseconds(100)
    public var redialMax = TimeAmount.seconds(2)
    /// How often an address that turned out to be one's own, or another way to a known peer, is looked at again.
    public var recheckEvery = TimeAmount.seconds(60)
    public var resolveEvery = TimeAmount.seconds(5)
    /// No answer from the home of a record for so long: `.timedOut`.
    public var homeTimeout = TimeAmount.seconds(1)
    /// The most that a write waits for its second copy.
    public var copyTimeout = TimeAmount.milliseconds(500)

    // Bounds

    /// Bytes of one frame on a link, both ends alike.
    public var frameBytesMax = 8 * 1024 * 1024
    /// Bytes that may wait to be sent on one link. Beyond: `.overloaded`.
    public var queueBytesMax = 16 * 1024 * 1024
    /// Accepted connections that have not yet proved that they know the secret, at each of the three steps to the
    /// proof. Beyond: the oldest of the address that has most of them is closed.
    public var handshakesMax = 256
    /// Of these, from one IPv4 address or one IPv6 network of 64 bits. Beyond: its oldest is closed.
    public var handshakesPerAddressMax = 128
    /// Links, accepted and dialled, without ``handshakesMax``. Beyond: new connections are closed at once.
    public var linksMax = 1024
    /// Addresses taken from a list or a name. Beyond: left out, with a log line.
    public var addressesMax = 256
    /// Records that one node keeps, copies included. Beyond: `.overloaded`.
    public var recordsMax = 500_000
    /// Bytes of their values. Beyond: `.overloaded`.
    public var recordBytesMax = 512 * 1024 * 1024
    /// Bytes of one value. Beyond: `.tooLarge`.
    public var valueBytesMax = 64 * 1024
    /// Requests about records that wait for an answer. Beyond: `.overloaded`.
    public var requestsMax = 10_000

    public init(role: PeerRole, listen: PeerAddress, peers: PeerSource, secrets: [[UInt8]]) {
        self.role = role
        self.listen = listen
        self.peers = peers
        self.secrets = secrets
    }

    /// Why a cluster cannot run with these values; nil if it can.
    var problem: String? {
        if !(1...2).contains(secrets.count) || secrets.contains(where: \.isEmpty) {
            return "links between members need one shared secret, or two while it is being rotated"
        }
        if heartbeat <= .nanoseconds(0) || goneAfter < heartbeat * 2 || goneAfter <= suspectAfter
            || suspectAfter <= heartbeat
        {
            return "heartbeat < suspect_after < gone_after does not hold, or gone_after is below two heartbeats"
        }
        if frameBytesMax < PeerFrame.overheadMax + 256 * 1024 || queueBytesMax < frameBytesMax {
            return "a frame must hold 256 KiB and its overhead, and the queue of a link must hold a frame"
        }
        if copyTimeout * 2 > homeTimeout {
            return "the time for a second copy must be at most half of the time for a record's home"
        }
        return nil
    }
}
