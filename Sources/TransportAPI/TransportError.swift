// The one error that a transport's ports report. The core decides from `delivery` alone whether anything may be tried
// again, so a plugin must never guess there.

/// A failed exchange or port call.
public struct TransportError: Error, Sendable, CustomStringConvertible {
    /// What kind of failure.
    public enum Code: String, Sendable {
        /// Nobody listens at the instance's address: its process is gone.
        case refused
        /// There is no way to it: no address for its name, no route, no TLS handshake.
        case unreachable
        /// A time limit ran out.
        case timedOut
        /// The peer closed or reset in mid-exchange.
        case interrupted
        /// The peer's bytes are not what the protocol allows.
        case malformed
        /// A bound of this side was reached (connections, sizes).
        case overloaded
        /// This side gave up on purpose.
        case cancelled
        /// More than one message may hold.
        case tooLarge
        /// A subscriber did not keep up and has lost messages.
        case overflowed
        /// The transport was closed before.
        case closed
    }

    /// Did the instance get the request?
    public enum Delivery: String, Sendable {
        /// Provably not one byte of it was handed on. It may go elsewhere.
        case notDelivered
        /// It may have been received, and run.
        case unknown
    }

    public var code: Code
    public var delivery: Delivery
    /// What failed, on what, and why; for people.
    public var message: String

    public init(_ code: Code, _ delivery: Delivery, _ message: String) {
        self.code = code
        self.delivery = delivery
        self.message = message
    }

    public var description: String { "\(code.rawValue) (\(delivery.rawValue)): \(message)" }
}
