// What an instance has accepted in a session. Where credentials are forwarded it is the instance that knows who may use
// a session, and much of a session is served without it: so whoever comes with other credentials is put to it first.
internal import NIOCore
internal import SealedBox
internal import Synchronization

/// The credential lines of one request that an instance has accepted. Kept in memory only.
struct Credentials: Equatable, Sendable {
    /// Each with its line end; empty if they were longer than the bound.
    let lines: [UInt8]
    /// Of lines that are not kept.
    private let digest: [UInt8]

    /// - Parameter bytesMax: bytes that are kept. Beyond: their digest.
    init(_ lines: [UInt8], bytesMax: Int) {
        let isKept = lines.count <= bytesMax
        self.lines = isKept ? lines : []
        digest = isKept ? [] : lines.withUnsafeBytes { Array(Digest.sha256($0)) }
    }
}

extension Session {
    /// The instance has accepted these, with a request that began then. The answer to an older request says nothing of
    /// newer ones.
    func accept(_ credentials: Credentials, began: NIODeadline) {
        accepted.withLock { newest in
            if let known = newest, known.began > began { return }
            newest = (credentials, began)
        }
    }

    /// The instance has accepted exactly these last.
    func hasAccepted(_ credentials: Credentials) -> Bool { accepted.withLock { $0?.credentials == credentials } }

    /// What the gateway's own messages to the instance bear, so that it takes them for this session's.
    var acceptedLines: [UInt8] { accepted.withLock { $0?.credentials.lines ?? [] } }
}
