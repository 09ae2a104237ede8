// One attempt to connect: TCP, TLS where it is configured, and then what makes a connection of ours out of it:
// password, database, a name that the server's operator sees, and a server that can be used at all.
#if Redis
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import TransportAPI

/// Why an attempt failed.
struct RedisDialFailure: Error {
    var text: String
    /// Trying again cannot help: the server refuses who we are.
    var isFinal = false
}

struct RedisDial: Sendable {
    typealias Done = (Result<RedisChannel, RedisDialFailure>) -> Void

    /// Keeps what waits in a socket's buffer in check; the rest waits in queues that are bounded in envelopes.
    private static let waterMarks = ChannelOptions.Types.WriteBufferWaterMark(low: 256 * 1024, high: 1024 * 1024)

    let options: RedisOptions
    private let tls: NIOSSLContext?
    private let serverName: String?

    /// - Throws: when the files of `tls` cannot be used.
    init(options: RedisOptions) throws {
        self.options = options
        guard let wanted = options.tls else {
            (tls, serverName) = (nil, nil)
            return
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file = wanted.caFile {
            configuration.trustRoots = .certificates(try Self.read(file) { try NIOSSLCertificate.fromPEMFile($0) })
        }
        if !wanted.verifies { configuration.certificateVerification = .none }
        if let certificate = wanted.certificateFile, let key = wanted.keyFile {
            configuration.certificateChain = try Self.read(certificate) { try NIOSSLCertificate.fromPEMFile($0) }
                .map { .certificate($0) }
            configuration.privateKey = .privateKey(try Self.read(key) { try NIOSSLPrivateKey(file: $0, format: .pem) })
        }
        tls = try NIOSSLContext(configuration: configuration)
        let name = wanted.serverName ?? options.host
        // An address literal is verified by the address that was dialled and is never sent as SNI.
        serverName = Self.isAddress(name) ? nil : name
    }

    private static func read<Content>(_ file: String, _ body: (String) throws -> Content) throws -> Content {
        do { return try body(file) } catch { throw RedisClusterError("\(file) cannot be used: \(error)") }
    }

    private static func isAddress(_ name: String) -> Bool { (try? SocketAddress(ipAddress: name, port: 0)) != nil }

    /// - Parameters:
    ///   - role: what the connection is for, as the server's operator sees it.
    ///   - done: called once, on `loop`, with a connection that can be used, or with what failed.
    func connect(on loop: any EventLoop, as role: String, _ done: @escaping Done) {
        let attempt = Attempt(self, loop, role, done)
        let bound = NIOLoopBound(attempt, eventLoop: loop)
        ClientBootstrap(group: loop)
            .connectTimeout(options.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.writeBufferWaterMark, value: Self.waterMarks)
            .channelInitializer { [tls, serverName, options] channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: serverName))
                    }
                    let redis = RedisChannel(options: options)
                    bound.value.opened.append(redis)
                    try channel.pipeline.syncOperations.addHandler(redis)
                }
            }
            .connect(host: options.host, port: options.port).assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel): attempt.greet(channel)
                case .failure(let error): attempt.fail(Self.reason(error))
                }
            }
        loop.assumeIsolated().scheduleTask(in: options.connectTimeout * 2) { attempt.fail("no answer in time") }
    }

    /// For people: what went wrong at each address, once.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            let names = [error.dnsAError, error.dnsAAAAError].compactMap { $0 }
            let reasons = error.connectionErrors.map(\.error) + (error.connectionErrors.isEmpty ? names : [])
            return Set(reasons.map(reason)).sorted().joined(separator: "; ")
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case ChannelError.connectTimeout(let time): return "no connection within \(time.nanoseconds / 1_000_000) ms"
        default: return "\(error)"
        }
    }

    /// From the first byte to the server's welcome. Belongs to its loop.
    private final class Attempt {
        private let dial: RedisDial
        private let loop: any EventLoop
        private let role: String
        private var done: Done?
        /// One for each address that is tried.
        var opened: [RedisChannel] = []

        init(_ dial: RedisDial, _ loop: any EventLoop, _ role: String, _ done: @escaping Done) {
            self.dial = dial
            self.loop = loop
            self.role = role
            self.done = done
        }

        func greet(_ channel: any Channel) {
            guard done != nil, let redis = try? channel.pipeline.syncOperations.handler(type: RedisChannel.self) else {
                return channel.close(promise: nil)
            }
            opened = [redis]
            let options = dial.options
            redis.ended = { [weak self] error in self?.fail(error.message) }
            if let password = options.password {
                let words = (options.user.map { [$0] } ?? []) + [password]
                ask(redis, RESPCommand("AUTH", with: words), "log in", isSecret: true)
            }
            if options.database != 0 {
                let number = String(options.database)
                ask(redis, RESPCommand("SELECT", with: [number]), "select database \(number)")
            }
            // A courtesy to the operator; a user without that right can do without.
            redis.send(RESPCommand("CLIENT", "SETNAME", with: [role])) { _ in }
            redis.send(RESPCommand("INFO", count: 0)) { [weak self] in self?.introduced(redis, $0) }
            redis.flush()
        }

        private func ask(_ redis: RedisChannel, _ command: RESPCommand, _ what: String, isSecret: Bool = false) {
            redis.send(command) { [weak self] result in
                guard case .success(.error(let text)) = result else { return }
                self?.refused(RedisFailure.error(text, "cannot \(what)", isSecret: isSecret), text)
            }
        }

        private func introduced(_ redis: RedisChannel, _ result: Result<RESPValue, TransportError>) {
            switch result {
            case .success(.error(let text)):
                refused(RedisFailure.error(text, "cannot ask the server about itself (INFO)"), text)
            case .success(let value):
                let facts = ServerFacts(value.text ?? "")
                if let problem = facts.problem { return fail(problem, isFinal: !facts.isLoading) }
                guard let done else { return }
                self.done = nil
                redis.facts = facts
                redis.ended = nil
                done(.success(redis))
            case .failure(let error): fail(error.message)
            }
        }

        private func refused(_ error: TransportError, _ text: String) {
            fail(error.message, isFinal: RedisFailure.isFinal(text))
        }

        /// Only the first reason counts, and none after a success.
        func fail(_ reason: String, isFinal: Bool = false) {
            guard let done else { return }
            self.done = nil
            let error = TransportError(.unreachable, .notDelivered, reason)
            for redis in opened { redis.close(error) }
            done(.failure(RedisDialFailure(text: "\(dial.options.place): \(reason)", isFinal: isFinal)))
        }
    }
}
#endif
