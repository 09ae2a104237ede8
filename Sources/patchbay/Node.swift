// One running node: its event loops, its two listeners, its drain. Runs on the main thread, which waits for signals
// and for nothing else; all work is on the event loops.
internal import ArgumentParser
internal import GatewayConfig
internal import GatewayCore
internal import GatewayHTTP
internal import Logging
internal import NIOCore
internal import NIOPosix

struct Node {
    let configuration: GatewayConfiguration
    let logger: Logger
    /// How many files this process may open.
    let filesMax: Int

    func run(until signals: SignalWatch) throws {
        let assembly = Assembly(configuration: configuration, logger: logger, filesMax: filesMax)
        var parts: Gateway.Parts
        do {
            parts = try assembly.parts()
        } catch {
            StandardError.print("error: an upstream's TLS cannot be set up: \(error); check tls.ca_file.")
            throw ExitCode.badConfig
        }
        let accessLog = configuration.accessLog ? AccessLogWriter(logger: logger) : nil
        if let accessLog { parts.accessLog = { accessLog.write($0) } }
        warn(assembly)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let gateway = Gateway(parts)
        let listener = try bind(gateway, group, assembly.listenerOptions)
        let admin = try bindAdmin(gateway, group)
        try gateway.firstChecks(on: group.next()).wait()
        printReady(listener.port)
        signals.wait()
        try drain(gateway, listener, group.next(), signals)
        try admin?.stopAccepting().wait()
        accessLog?.close()
    }

    /// Exactly one line per upstream on standard output: what a script waits for.
    private func printReady(_ port: Int) {
        let host = configuration.listen.host
        for upstream in configuration.upstreams {
            StandardOutput.print(
                "patchbay ready http://\(host.contains(":") ? "[\(host)]" : host):\(port)\(upstream.path)")
        }
    }

    private func warn(_ assembly: Assembly) {
        if assembly.connectionsMax < configuration.limits.connections {
            logger.notice(
                "fewer clients than limits.connections fit into the system's limit of open files (ulimit -n)",
                metadata: ["files": "\(filesMax)", "connections": "\(assembly.connectionsMax)"])
        }
        if !configuration.listen.isLoopback {
            logger.warning(
                "anyone who reaches this address can use the servers behind it: authentication is not configured",
                metadata: ["listen": "\(configuration.listen)"])
        }
        for upstream in configuration.upstreams where !upstream.tls.verify {
            logger.warning("certificates of this upstream are not verified", metadata: ["upstream": "\(upstream.name)"])
        }
    }

    // MARK: Listeners

    private func bind(
        _ gateway: Gateway, _ group: MultiThreadedEventLoopGroup, _ options: ListenerOptions
    ) throws -> HTTPListener {
        do {
            return try HTTPListener.bind(
                host: configuration.listen.host, port: configuration.listen.port, group: group, options: options
            ) { loop in try gateway.makeWorker(on: loop) }.wait()
        } catch let error as IOError {
            StandardError.print("error: cannot listen on \(configuration.listen): \(error)")
            throw ExitCode.cannotBind
        } catch let error as SocketAddressError {
            StandardError.print("error: cannot listen on \(configuration.listen): \(error)")
            throw ExitCode.cannotBind
        } catch {
            StandardError.print("error: the node cannot be set up: \(error)")
            throw ExitCode.internalError
        }
    }

    /// The default address may be taken by another node on this machine: then the node goes on without. An address
    /// that the operator chose must work.
    private func bindAdmin(_ gateway: Gateway, _ group: MultiThreadedEventLoopGroup) throws -> HTTPListener? {
        let address = configuration.admin.listen
        let access = address.isLoopback ? AccessPolicy.loopback : AccessPolicy(hosts: nil, origins: [])
        do {
            let listener = try HTTPListener.bind(
                host: address.host, port: address.port, group: group, options: ListenerOptions()
            ) { loop in AdminService(gateway: gateway, loop: loop, access: access) }.wait()
            logger.info("admin listener is up", metadata: ["listen": "\(address.host):\(listener.port)"])
            return listener
        } catch {
            if configuration.admin.isExplicit {
                StandardError.print("error: cannot listen on \(address) (admin.listen): \(error)")
                throw ExitCode.cannotBind
            }
            logger.warning(
                "no admin listener: its default address is taken; set admin.listen to another",
                metadata: ["listen": "\(address)", "error": "\(error)"])
            return nil
        }
    }

    // MARK: Drain

    private func drain(
        _ gateway: Gateway, _ listener: HTTPListener, _ loop: any EventLoop, _ signals: SignalWatch
    ) throws {
        logger.notice("draining: not ready any more")
        gateway.announceDrain()
        var isHasty = false
        /// Waits until `isDone`, the time is over, or a second signal asks for haste.
        func wait(_ limit: Duration, until isDone: () throws -> Bool) rethrows {
            let end = ContinuousClock.now + limit
            while !isHasty, try !isDone(), ContinuousClock.now < end {
                isHasty = signals.arrives(withinMilliseconds: 20)
            }
        }
        wait(configuration.drainDelay) { false }
        // The listener stays open while calls finish: who still comes is told 503 and when to try again, and calls of
        // sessions that live here are served, each ending its connection.
        gateway.beginDrain()
        listener.drain()
        try gateway.endStreams(on: loop).wait()
        try wait(configuration.drainTimeout) { try gateway.attachedCount(on: loop).wait() == 0 }
        try listener.stopAccepting().wait()
        let left = try gateway.attachedCount(on: loop).wait()
        if left > 0 { logger.warning("ending what still runs", metadata: ["exchanges": "\(left)"]) }
        try gateway.endCalls(on: loop).wait()
        listener.closeWhenWritten()
        try wait(Self.closeLimit) { try listener.connectionCount().wait() == 0 }
        try gateway.close(on: loop).wait()
        logger.notice("drained")
    }

    /// How long clients may take to read the last bytes.
    private static let closeLimit = Duration.seconds(2)
}
