// The port that carries messages between members. Two functions; request and reply, presence and broadcasts are made of
// them once, in TransportKit, for every transport.
public import NIOCore

/// Carries envelopes between the members of one cluster.
///
/// Guarantees, each one a case of the contract suite:
/// - **At most once.** An envelope is delivered once or not at all to each subscription, never twice.
/// - **In order** per publisher and subject, where the publisher is one thread (in practice one event loop).
/// - **Active when it says so**: everything published after ``subscribe(to:capacity:on:_:)`` has completed arrives.
/// - **No silent gap**: when the transport knows or must assume that messages to a subscription were lost (a connection
///   broke, a queue overflowed), it says so. Of one member alone: with ``EnvelopeReceiver/missed(_:from:)``, and the
///   subscription goes on; or else the subscription ends with ``EnvelopeReceiver/subscriptionEnded(_:)``, and the
///   subscriber subscribes anew and heals.
/// - **Bounded**: each subscription has a capacity; a subscriber that does not keep up loses its subscription with
///   `.overflowed`, and its neighbours notice nothing.
/// - **Authentic**: the sender that a receiver is told is the sender. Whoever does not hold the cluster's secret can
///   neither publish nor forge nor replay.
///
/// A message that nobody has subscribed to is dropped, which is not an error. A publisher hears its own messages like
/// everyone else.
public protocol MessageBus: AnyObject, Sendable {
    /// Header and body of one envelope together, in bytes; at least 256 KiB. Beyond: `.tooLarge` before anything is
    /// sent.
    var envelopeBytesMax: Int { get }

    /// Hands an envelope over for sending. Never blocks, may be called on any thread, never delivers within the call.
    ///
    /// That it returns does not mean that anybody has got it.
    /// - Throws: `.tooLarge`; `.overloaded` when the sending queue's bound is reached; `.unreachable` when it is known
    ///   at once that the addressee does not exist or is not connected; `.closed` after the transport was closed. All
    ///   with `.notDelivered`: not a byte of it was sent.
    func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError)

    /// Begins to deliver what is published to `subject`, on `loop`.
    ///
    /// Subscribing twice to one subject gives two subscriptions that both get everything. To hear an inbox that is not
    /// one's own is refused with `.unreachable`.
    /// - Returns: the subscription, completed on `loop` when it is active. Fails with a ``TransportError``:
    ///   `.timedOut`,
    ///   `.interrupted` (the connection broke meanwhile), `.closed`.
    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription>
}

/// How much may wait for a subscriber: published to it and not yet handed over.
public struct SubscriptionCapacity: Sendable {
    /// At least 1.
    public var envelopes: Int
    /// Bytes of headers and bodies. One envelope is always let in, whatever its size.
    public var bytes: Int

    public init(envelopes: Int = 10_000, bytes: Int = 16 * 1024 * 1024) {
        self.envelopes = envelopes
        self.bytes = bytes
    }
}

/// Who hears a subscription. Called on the subscription's loop only; `Sendable` because the transport's own threads
/// hold on to it.
public protocol EnvelopeReceiver: AnyObject, Sendable {
    /// An envelope, in order. `sender` is authentic.
    func received(_ envelope: Envelope, from sender: MemberID)
    /// What was there has been handed over: a good time to flush.
    func receivedAll()
    /// Provably nobody has heard, nor will hear, the envelope that this member published to `member`'s inbox with that
    /// receipt. Told to whoever hears this member's own inbox, soon; a courtesy of transports that learn of it after
    /// `publish` has returned, and never of an envelope that was heard.
    func unheard(_ receipt: UInt64, by member: MemberID)
    /// Messages of that member may have been lost before this point. What others sent was not, and everything goes on.
    func missed(_ error: TransportError, from member: MemberID)
    /// Nothing more comes; messages may have been lost. Not called after ``Subscription/end()``.
    func subscriptionEnded(_ error: TransportError)
}

extension EnvelopeReceiver {
    public func unheard(_ receipt: UInt64, by member: MemberID) {}
}

/// A running subscription. Belongs to its loop, and is told to end there.
public protocol Subscription: AnyObject, Sendable {
    /// Stops it. Once this has returned, the receiver hears nothing more and is let go.
    func end()
}
