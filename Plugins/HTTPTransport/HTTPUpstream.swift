// The `http` transport: instances reached directly over HTTP/1.1, with TLS where the URL says https. This file is its
// configuration and its entry; connections live in lanes, one per event loop.
public import NIOCore
internal import NIOSSL
public import TransportAPI

/// Bounds and waits of the `http` transport.
public struct HTTPOptions: Sendable {
    /// From the first SYN until the request may be written, TLS handshake included.
    public var connectTimeout: TimeAmount = .seconds(3)
    /// Connections to one instance from one event loop, idle ones included. Beyond: `.overloaded`, `.notDelivered`.
    public var connectionsMax: Int = 10_000
    /// Idle connections kept for one instance on one event loop. Beyond: closed after use.
    public var idleConnectionsMax: Int = 128
    /// An idle connection older than this is not used again, so that a server that closes idle connections does not
    /// turn a call into *outcome unknown*. Uvicorn closes after 5 s. An announced `Keep-Alive: timeout` replaces it.
    public var reuseLimit: TimeAmount = .seconds(4)
    /// Bytes of an answer's head. Beyond: the answer is refused.
    public var headBytesMax: Int = 32 * 1024
    /// Names, in lower case, of answers' header lines that reach clients beyond those that always do. Framing,
    /// hop-by-hop names, `Mcp-Session-Id` and `Access-Control-*` never pass, nor what `Connection` names.
    public var answerHeaders: [[UInt8]] = []

    public init() {}
}

/// How https instances are verified.
public struct HTTPTrust: Sendable {
    /// PEM file with the authorities to trust instead of the system's.
    public var authoritiesFile: String?
    /// False accepts any certificate. For tests only; the command warns.
    public var verifies: Bool = true
    /// The name to verify and to send as SNI instead of the URL's host.
    public var serverName: String?

    public init() {}
}

/// The `http` transport of one upstream.
public final class HTTPUpstream: Upstream {
    let instances: [HTTPInstance]
    let options: HTTPOptions
    /// What may travel of ``HTTPOptions/answerHeaders``.
    let answerHeaders: [[UInt8]]
    let serverName: String?
    let tls: NIOSSLContext?

    /// - Throws: when the authorities' file cannot be read, or TLS cannot be set up.
    public init(instances: [HTTPInstance], options: HTTPOptions, trust: HTTPTrust) throws {
        self.instances = instances
        self.options = options
        answerHeaders = AnswerLines.allowed(options.answerHeaders)
        serverName = trust.serverName
        guard instances.contains(where: \.isTLS) else {
            tls = nil
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file = trust.authoritiesFile { configuration.trustRoots = .file(file) }
        if !trust.verifies { configuration.certificateVerification = .none }
        tls = try NIOSSLContext(configuration: configuration)
    }

    public func makeLane(on loop: any EventLoop) -> any UpstreamLane {
        HTTPLane(upstream: self, loop: loop)
    }
}
