// The bounds of what a place keeps about its senders.
public import NIOCore

/// Bounds of one ``PlaceArrivals``.
public struct ArrivalLimits: Sendable {
    /// Senders that are remembered. Beyond: the one that was silent longest is forgotten, and met anew.
    public var sendersMax: Int
    /// Pieces, and bytes of them, of senders that have not yet answered. Beyond: ``PlaceArrivals/Event/lost(_:)``.
    public var heldCountMax: Int
    public var heldBytesMax: Int
    /// Bytes of envelopes that are not complete. Beyond: lost.
    public var partialBytesMax: Int
    /// Bytes of one envelope.
    public var envelopeBytesMax: Int
    /// How long a sender may take to answer, and what it has sent until then to arrive.
    public var contactTimeout: TimeAmount

    public init(
        sendersMax: Int, heldCountMax: Int, heldBytesMax: Int, partialBytesMax: Int, envelopeBytesMax: Int,
        contactTimeout: TimeAmount
    ) {
        self.sendersMax = sendersMax
        self.heldCountMax = heldCountMax
        self.heldBytesMax = heldBytesMax
        self.partialBytesMax = partialBytesMax
        self.envelopeBytesMax = envelopeBytesMax
        self.contactTimeout = contactTimeout
    }
}
