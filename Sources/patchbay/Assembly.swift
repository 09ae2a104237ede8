// Puts the parts together as the configuration says: text values become the core's values, and the transports are
// chosen. The list of transports is here and nowhere else.
internal import ArgumentParser
internal import GatewayConfig
internal import GatewayCore
internal import GatewayHTTP
internal import HTTPTransport
internal import HTTPWire
internal import Logging
internal import MemoryTransport
internal import NIOCore
internal import SealedBox
internal import TransportAPI
internal import TransportKit

struct Assembly {
    let configuration: GatewayConfiguration
    let logger: Logger
    /// How many files this process may open.
    let filesMax: Int

    /// Files that are kept for everything but clients and their instances: checks, logs, the admin listener, links to
    /// other members and those who are told that there is no room; and three for each event loop.
    var reservedFiles: Int { max(128, 64 + 8 * configuration.eventLoops) }

    /// The core's parts.
    /// - Throws: when a transport cannot be set up, for example because TLS files are unusable.
    func parts(_ cluster: any ClusterTransport, _ member: MemberID) throws -> Gateway.Parts {
        var upstreams: [UpstreamGroup] = []
        for (index, upstream) in configuration.upstreams.enumerated() {
            upstreams.append(try group(index, upstream))
        }
        let keys = configuration.secret.map { SealingKey(secret: Array($0.utf8)) }
        var parts = Gateway.Parts(
            upstreams: upstreams, keys: keys.isEmpty ? [SealingKey.random()] : keys, access: access,
            member: member, logger: logger)
        if let bus = cluster.bus {
            let isAlone = configuration.cluster.transport == .memory
            var shared = ClusterParts(bus: bus, directory: isAlone ? nil : cluster.directory, isAlone: isAlone)
            if configuration.isAttachment, let only = configuration.upstreams.first?.instances.first {
                shared.attached = ClusterParts.Attachment(
                    instance: only.id ?? "", label: only.label ?? "", capacity: UInt32(clamping: only.capacity ?? 0))
            }
            shared.log = isAlone ? nil : cluster.log
            shared.timing = PresenceTiming(
                heartbeat: TimeAmount(configuration.heartbeat), suspectAfter: TimeAmount(configuration.suspectAfter),
                goneAfter: TimeAmount(configuration.goneAfter))
            parts.cluster = shared
        }
        parts.limits = limits
        parts.waits = waits
        parts.affinityLines = Array(configuration.affinity.lines(member.name).utf8)
        parts.principalHeader = configuration.principalFrom.map { Array($0.utf8) }
        return parts
    }

    var listenerOptions: ListenerOptions {
        var options = ListenerOptions()
        options.headLimits = HeadLimits(blockBytes: configuration.limits.header)
        options.headTimeout = TimeAmount(configuration.timeouts.head)
        options.bodyTimeout = TimeAmount(configuration.timeouts.body)
        options.keepAliveTimeout = TimeAmount(configuration.timeouts.keepAlive)
        options.connectionsMax = connectionsMax
        options.queuedBytesMax = configuration.limits.streamBuffer
        options.queuedTotalMax = configuration.limits.queued
        options.incomingBytesMax = configuration.limits.incoming
        options.writeTimeout = TimeAmount(configuration.timeouts.write)
        return options
    }

    /// A stream takes two files, one towards each side; who does not fit is told so instead of failing half-way.
    var connectionsMax: Int {
        let wanted = configuration.limits.connections
        return filesMax == 0 ? wanted : min(wanted, max(1, clientFiles / 2))
    }

    /// Not even one client's two files are within the system's limit.
    var leavesNoFilesForClients: Bool { filesMax != 0 && clientFiles < 2 }

    private var clientFiles: Int { filesMax - reservedFiles }

    /// This start of this process.
    var member: MemberID {
        let incarnation = SecureRandom.uint64()
        return MemberID(name: configuration.nodeName(onHost: HostName.text), incarnation: incarnation)
            ?? MemberID.unnamed(incarnation)
    }

    // MARK: Values

    private var limits: GatewayCore.Limits {
        let from = configuration.limits
        var limits = GatewayCore.Limits()
        limits.headBytes = from.header
        limits.bodyBytes = from.body
        limits.eventBytes = from.event
        limits.heldResultBytes = from.result
        limits.clientQueueBytes = from.streamBuffer
        limits.sessions = from.sessions
        limits.streamsPerSession = from.streamsPerSession
        limits.callsPerSession = from.callsPerSession
        limits.batchMessages = from.batch
        limits.jsonDepth = from.jsonDepth
        limits.jsonNumberBytes = from.jsonNumber
        limits.replayEvents = from.replayEvents
        limits.replayBytes = from.replayBytes
        limits.questionsPerSession = from.questionsPerSession
        // The core counts these on each event loop.
        limits.heldTotalBytes = configuration.share(of: from.held)
        limits.requestBytes = configuration.share(of: from.requests)
        limits.replayTotalBytes = configuration.share(of: from.replayTotal)
        limits.replayLiveBytes = configuration.share(of: from.replayLive)
        limits.unloggedBytes = configuration.share(of: limits.unloggedBytes)
        limits.handedBytes = configuration.share(of: limits.handedBytes)
        limits.detachedExchanges = configuration.share(of: limits.detachedExchanges)
        limits.questions = configuration.share(of: limits.questions)
        limits.ownMessages = configuration.share(of: limits.ownMessages)
        return limits
    }

    private var waits: Waits {
        var waits = Waits()
        waits.sessionIdle = TimeAmount(configuration.sessionIdle)
        waits.sessionMaxAge = TimeAmount(configuration.sessionMaxAge)
        waits.comment = TimeAmount(configuration.timeouts.sseComment)
        waits.slowClient = TimeAmount(configuration.timeouts.write)
        waits.detachedStream = TimeAmount(configuration.detachedStreamTTL)
        waits.question = TimeAmount(configuration.questionTimeout)
        waits.drain = TimeAmount(configuration.drainTimeout)
        waits.drainDelay = TimeAmount(configuration.drainDelay)
        return waits
    }

    /// Only hosts that the operator named, or that are this machine by themselves: a web page whose name leads here
    /// names its own.
    private var access: AccessPolicy {
        let loopback = ["localhost", "127.0.0.1", "[::1]"]
        let origins = loopback.flatMap { ["http://\($0):*", "https://\($0):*"] } + configuration.allowedOrigins
        return AccessPolicy(hosts: configuration.servedHosts, origins: origins)
    }

    // MARK: Upstreams

    private func group(_ index: Int, _ upstream: GatewayConfiguration.Upstream) throws -> UpstreamGroup {
        let instances = zip(upstream.instances, upstream.instanceNames).enumerated().map { place, pair in
            let (instance, name) = pair
            // An attachment only announces it: its refusal would reach a client for whom another instance has room.
            let capacity = configuration.isAttachment ? 0 : instance.capacity ?? 0
            return Instance(
                index: place, name: name, digest: Gateway.digest(name), hasStreamEndpoint: instance.sseURL != nil,
                era: Self.era(upstream.era), capacity: capacity)
        }
        return UpstreamGroup(
            index: index, name: upstream.name, digest: Gateway.digest(upstream.name), path: upstream.path,
            instances: instances, transport: try transport(upstream), options: Self.options(upstream),
            takesAttachments: instances.isEmpty)
    }

    private static func options(_ upstream: GatewayConfiguration.Upstream) -> UpstreamGroup.Options {
        var options = UpstreamGroup.Options()
        options.forwardsAuthorization = upstream.forwardAuthorization
        options.forwardedHeaders = upstream.forwardHeaders.map { Array($0.utf8) }
        options.tagsInstances = upstream.instanceTag == .auto
        options.answerTimeoutMilliseconds = TimeAmount(upstream.answerTimeout).nanoseconds / 1_000_000
        options.idleTimeoutMilliseconds = TimeAmount(upstream.idleTimeout).nanoseconds / 1_000_000
        options.isResumable = upstream.resumable == .auto
        options.health.intervalMilliseconds = TimeAmount(upstream.health.interval).nanoseconds / 1_000_000
        options.health.timeoutMilliseconds = TimeAmount(upstream.health.timeout).nanoseconds / 1_000_000
        options.health.unhealthyAfter = upstream.health.unhealthyAfter
        options.health.healthyAfter = upstream.health.healthyAfter
        return options
    }

    private static func era(_ era: GatewayConfiguration.Era) -> GatewayCore.Era {
        switch era {
        case .auto: .unknown
        case .stateful: .stateful
        case .stateless: .stateless
        case .both: [.stateless, .stateful]
        }
    }

    /// The list of cluster transports. The config has refused every other name.
    /// - Throws: when this program was built without the transport, which was refused before.
    func cluster(_ context: TransportContext) throws -> any ClusterTransport {
        switch configuration.cluster.transport {
        case .memory: MemoryTransport(context: context)
        case .http: HTTPCluster(context: context, options: peerOptions)
        case .nats: try natsCluster(context)
        case .redis: try redisCluster(context)
        }
    }

    private var peerOptions: HTTPClusterOptions {
        let http = configuration.cluster.http
        let listen = http?.listen.map { PeerAddress(host: $0.host, port: $0.port) }
        let peers: PeerSource =
            if let name = http?.dns {
                .dns(name: name.host, port: name.port)
            } else {
                .addresses((http?.peers ?? []).map { PeerAddress(host: $0.host, port: $0.port) })
            }
        var options = HTTPClusterOptions(
            role: configuration.isAttachment ? .attachment : .node,
            listen: listen ?? PeerAddress(host: "", port: 0), peers: peers,
            secrets: configuration.secret.map { Array($0.utf8) })
        options.heartbeat = TimeAmount(configuration.heartbeat)
        options.suspectAfter = TimeAmount(configuration.suspectAfter)
        options.goneAfter = TimeAmount(configuration.goneAfter)
        // Ended sessions stay on record for a while beside those that live on all nodes.
        options.recordsMax = max(options.recordsMax, 4 * configuration.limits.sessions)
        return options
    }

    /// Makes what can be made without opening anything, so that `check-config` refuses what `serve` would.
    static func check(_ configuration: GatewayConfiguration) throws {
        let logger = Logger(label: "patchbay") { _ in SwiftLogNoOpLogHandler() }
        let assembly = Assembly(configuration: configuration, logger: logger, filesMax: 0)
        for upstream in configuration.upstreams {
            do {
                _ = try assembly.transport(upstream)
            } catch {
                StandardError.print("error: \(error)")
                throw ExitCode.badConfig
            }
        }
    }

    /// What is wrong with the files that an upstream names.
    private struct UnusableTLS: Error, CustomStringConvertible {
        let description: String

        init(_ upstream: GatewayConfiguration.Upstream, _ reason: any Error) {
            let file = upstream.tls.caFile.map { " and whether \($0) holds certificates" } ?? ""
            description = "the TLS of upstream '\(upstream.name)' cannot be set up: \(reason); check its tls\(file)"
        }
    }

    /// The list of upstream transports. The config has refused every other name.
    private func transport(_ upstream: GatewayConfiguration.Upstream) throws -> any Upstream {
        var options = HTTPOptions()
        options.connectTimeout = TimeAmount(upstream.connectTimeout)
        options.connectionsMax = max(1, upstream.maxConnections / max(configuration.eventLoops, 1))
        options.idleConnectionsMax = upstream.maxIdleConnections
        options.headBytesMax = configuration.limits.header
        options.answerHeaders = upstream.forwardAnswerHeaders.map { Array($0.utf8) }
        var trust = HTTPTrust()
        trust.authoritiesFile = upstream.tls.caFile
        trust.verifies = upstream.tls.verify
        trust.serverName = upstream.tls.serverName
        let instances = upstream.instances.map {
            HTTPInstance(
                host: $0.url.host, port: $0.url.port, isTLS: $0.url.isTLS, path: $0.url.path,
                streamPath: $0.sseURL?.path)
        }
        do {
            return try HTTPUpstream(instances: instances, options: options, trust: trust)
        } catch {
            throw UnusableTLS(upstream, error)
        }
    }
}
