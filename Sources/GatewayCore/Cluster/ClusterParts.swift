// What a node shares with others, handed over by the command: the ports of a cluster transport, and what this process
// is in the cluster.
internal import NIOCore
public import TransportAPI
public import TransportKit

/// The cluster that a node belongs to. A lone node has a bus of its own, for its event loops.
public struct ClusterParts: Sendable {
    public var bus: any MessageBus
    /// Nil for a lone node: its own table is all there is.
    public var directory: (any SessionDirectory)?
    public var log: (any StreamLog)?
    public var timing = PresenceTiming()
    /// Nobody else can be there: no heartbeats.
    public var isAlone: Bool
    /// What this process offers when it is an attachment; nil for a node.
    public var attached: Attachment?

    /// An instance that this process puts on the bus.
    public struct Attachment: Sendable {
        public var instance: String
        public var label: String
        /// Sessions and running calls that it is made for; 0: nobody has said.
        public var capacity: UInt32

        public init(instance: String, label: String, capacity: UInt32 = 0) {
            self.instance = instance
            self.label = label
            self.capacity = capacity
        }
    }

    public init(bus: any MessageBus, directory: (any SessionDirectory)? = nil, isAlone: Bool) {
        self.bus = bus
        self.directory = directory
        self.isAlone = isAlone
    }
}
