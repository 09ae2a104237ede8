// What a transport hands to the suite about itself: how to make members on one backend, and how to hurt them.
public import NIOCore
public import TransportAPI

/// A transport under test. Each case asks it for a fresh cluster.
public struct ConformanceSubject: Sendable {
    /// As it stands in the support table: `memory`, `http`, ….
    public var name: String
    /// What it declares not to fulfil.
    public var gaps: [KnownGap]
    /// How long a case waits for something that must happen. A declared gap may use all of it.
    public var patience: TimeAmount
    /// Makes a backend of its own with so many members (2 or 3), all started and connected with each other.
    public var makeCluster: @Sendable (_ members: Int) async throws -> ConformanceCluster

    public init(
        name: String, gaps: [KnownGap] = [], patience: TimeAmount = .seconds(5),
        makeCluster: @escaping @Sendable (_ members: Int) async throws -> ConformanceCluster
    ) {
        self.name = name
        self.gaps = gaps
        self.patience = patience
        self.makeCluster = makeCluster
    }
}

/// One member of a cluster under test.
public struct ConformanceMember: Sendable {
    public var id: MemberID
    public var transport: any ClusterTransport

    public init(id: MemberID, transport: any ClusterTransport) {
        self.id = id
        self.transport = transport
    }
}

/// Members on one backend, and what may be done to them. A hook that is nil is one that the transport cannot offer: the
/// cases that need it fail, and have to be declared as gaps.
public struct ConformanceCluster: Sendable {
    public var members: [ConformanceMember]
    /// At least two, for subscribers and calls. Cases block one of them for a moment to play a slow subscriber, so no
    /// connection of the transports may live here.
    public var loops: [any EventLoop]
    /// Shuts everything down, crashed members included. Closes transports that are still open.
    public var stop: @Sendable () async -> Void

    /// Breaks all connections between members, or to the backend, once; the transports are left to mend them.
    public var breakConnections: (@Sendable () async throws -> Void)?
    /// Makes the backend lose all records and streams, as a restart without persistence does.
    public var loseData: (@Sendable () async throws -> Void)?
    /// Ends the member at this place without a goodbye. Its transport is not used afterwards.
    public var crash: (@Sendable (_ index: Int) async throws -> Void)?
    /// Starts a successor for a crashed member: the same name, another incarnation, connected with the others.
    public var rejoin: (@Sendable (_ index: Int) async throws -> ConformanceMember)?
    /// Makes somebody who does not hold the cluster's secret and calls himself `id`. Nil if he cannot even start.
    public var makeStranger: (@Sendable (_ id: MemberID) async throws -> ConformanceMember?)?
    /// Lets time pass for the expiry of records and streams. Without it they wait, two to five seconds each.
    public var advance: (@Sendable (TimeAmount) async throws -> Void)?
    /// How much of one stream the logs of this cluster keep. Small, so that a case can go beyond it.
    public var retention: LogRetention?

    public init(
        members: [ConformanceMember], loops: [any EventLoop], stop: @escaping @Sendable () async -> Void
    ) {
        self.members = members
        self.loops = loops
        self.stop = stop
    }
}

/// How much a log keeps of one stream before it cuts off the old end.
public struct LogRetention: Sendable {
    /// At most 10,000, or filling it takes too long.
    public var entries: Int
    /// At most 64 MiB.
    public var bytes: Int

    public init(entries: Int, bytes: Int) {
        self.entries = entries
        self.bytes = bytes
    }
}
