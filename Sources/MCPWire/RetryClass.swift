// How often the gateway may send one message to instances on its own account. The exchange asks for it when an
// instance fails in mid-call; the budget of retries and what counts as "not delivered" are decided there, not here.

/// What may be done when it is not known whether an instance handled a message.
public enum RetryClass: Sendable {
    /// Reads and sets that can be repeated: at most two attempts, and only while nothing was relayed.
    case read
    /// `initialize`: again only if no byte of an answer came back. The orphan session is then to be deleted.
    case sessionCreation
    /// Anything that may change the world, and every method that this code does not know: at most once, ever.
    case sideEffect
    /// Notifications: forwarded at most once, never repeated.
    case notification
}
