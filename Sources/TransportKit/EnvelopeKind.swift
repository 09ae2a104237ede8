// The first byte of every envelope's header: whose it is.
internal import NIOCore
public import TransportAPI

/// What an envelope is about.
public enum EnvelopeKind: UInt8, Sendable {
    /// From a relay's caller to its host.
    case relayRequest = 1
    /// From a relay's host to its caller.
    case relayAnswer = 2
    case heartbeat = 3
    case goodbye = 4
    /// A short message of the core, see its `ClusterNote`.
    case note = 5

    /// Nil for an empty header and for a kind that this version does not know, which is skipped.
    public init?(of envelope: Envelope) {
        guard let byte = envelope.header.getInteger(at: envelope.header.readerIndex, as: UInt8.self) else { return nil }
        self.init(rawValue: byte)
    }
}
