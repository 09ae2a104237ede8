// The ports that the suite knows. A transport is judged port by port: what it does not have it must say.

/// A port of a cluster transport.
public enum Port: String, CaseIterable, Sendable {
    /// `MessageBus`.
    case bus
    /// `SessionDirectory`.
    case directory
    /// `StreamLog`.
    case log
}
