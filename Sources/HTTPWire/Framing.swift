// How the end of a body is known (RFC 9112 §6). Framing is read here and always made anew on the way out.

/// The framing of a message body.
public enum Framing: Equatable, Sendable {
    /// There is no body.
    case none
    /// Exactly so many bytes follow.
    case length(Int)
    /// Chunks follow, see ``ChunkedDecoder``.
    case chunked
    /// The body ends with the connection (answers only).
    case untilClose
}
