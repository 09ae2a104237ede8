// Why a link, or an attempt to make one, came to its end, as it is told to operators.
internal import NIOCore

/// The end of a link.
enum LinkEnd: Error, Equatable {
    /// The other end said that it leaves.
    case goodbye
    /// This end leaves.
    case closing
    /// The address is one's own.
    case itself
    /// The peer is linked already, by another address.
    case duplicate
    /// A newer link of the same peer takes its place.
    case replaced
    /// Nothing came for `goneAfter`, or nothing could be sent for so long.
    case silent
    /// No proof within `handshakeTimeout`.
    case slow
    /// The other end knows another secret.
    case wrongSecret
    /// A frame that the other end did not seal next: altered, repeated, moved, or from another connection.
    case altered
    case otherVersion(UInt8)
    /// What came is no frame or head of this protocol.
    case malformed(String)
    /// A dialler that asked for something else, and was answered.
    case notAPeer(String)
    /// The other end answered the upgrade with this status.
    case refusedUpgrade(Int)
    /// A bound of this side.
    case tooMany(String)
    /// The connection ended without a word.
    case disconnected
    /// The connection failed, or could not be made.
    case broken(String)

    /// For the log, behind the peer's address.
    var text: String {
        switch self {
        case .goodbye: "it said goodbye"
        case .closing: "this member leaves"
        case .itself: "the address is this member's own"
        case .duplicate: "it is linked already by another address"
        case .replaced: "it made a new link"
        case .silent: "nothing was heard from it, or it read nothing, for gone_after"
        case .slow: "it did not finish the handshake in time"
        case .wrongSecret: "wrong secret: its secret is not among this member's; give all members the same"
        case .altered: "replayed or altered: a frame does not fit this connection"
        case .otherVersion(let version): "it speaks version \(version) of the link, this member \(PeerHello.version)"
        case .malformed(let what): "malformed: \(what)"
        case .notAPeer(let what): "no peer: \(what)"
        case .refusedUpgrade(let status):
            "it answered the upgrade with \(status): is this the address under cluster.listen of a node?"
        case .tooMany(let what): "too many \(what)"
        case .disconnected: "the connection ended without a word"
        case .broken(let what): what
        }
    }

    /// Somebody without the secret, or with altered bytes.
    var isHostile: Bool {
        switch self {
        case .wrongSecret, .altered, .otherVersion, .malformed, .notAPeer, .slow, .tooMany: true
        default: false
        }
    }

    /// Nobody's fault and nothing lost.
    var isQuiet: Bool {
        switch self {
        case .goodbye, .closing, .itself, .duplicate, .replaced: true
        default: false
        }
    }
}
