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
    let log: LogWriter
    /// How many files this process may open.
    let filesMax: Int

    func run(until signals: SignalWatch) throws {
        let assembly = Assembly(configuration: configuration, logger: logger, filesMax: filesMax)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let membership = try Membership(assembly, group, log)
        var parts = membership.parts
        if configuration.accessLog { parts.accessLog = { [log] in log.write($0) } }
        warn(assembly)
        let gateway = Gateway(parts)
        try membership.start(on: group.next())
        let listener = try bind(gateway, group, assembly.listenerOptions)
        let admin = try AdminDoor(configuration: configuration, logger: logger, log: log)
                .bind(gateway, group, doorCounts: { listener.counts })
        try gateway.join(on: group.next()).wait()
        try gateway.firstChecks(on: group.next()).wait()
        // Whoever waits for the ready lines finds the warnings of the start in the log.
        log.flush()
        printReady(listener.port)
        signals.wait()
        try drain(gateway, listener, group.next(), signals)
        try membership.end(on: group.next())
        try admin?.stopAccepting().wait()
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
        if assembly.leavesNoFilesForClients {
            logger.error(
                "the system's limit of open files leaves no room for more than one client: raise it (ulimit -n)",
                metadata: ["files": "\(filesMax)", "reserved": "\(assembly.reservedFiles)"])
        } else if assembly.connectionsMax < configuration.limits.connections {
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
            log.fail("error: cannot listen on \(configuration.listen): \(error)")
            throw ExitCode.cannotBind
        } catch let error as SocketAddressError {
            log.fail("error: cannot listen on \(configuration.listen): \(error)")
            throw ExitCode.cannotBind
        } catch {
            log.fail("error: the node cannot be set up: \(error)")
            throw ExitCode.internalError
        }
    }

    // MARK: Drain

    private func drain(
        _ gateway: Gateway, _ listener: HTTPListener, _ loop: any EventLoop, _ signals: SignalWatch
    ) throws {
        logger.notice("draining: not ready any more")
        gateway.announceDrain()
        let wait = DrainWait(signals: signals)
        wait.pass(configuration.drainDelay) { false }
        // The listener stays open while calls finish: who still comes is told 503 and when to try again, and calls of
        // sessions that live here are served, each ending its connection.
        gateway.beginDrain()
        listener.drain()
        try gateway.endStreams(on: loop).wait()
        try wait.pass(configuration.drainTimeout) { try gateway.awaitedCount(on: loop).wait() == 0 }
        try listener.stopAccepting().wait()
        let left = try gateway.awaitedCount(on: loop).wait()
        if left > 0 { logger.warning("ending what still runs", metadata: ["exchanges": "\(left)"]) }
        try gateway.endCalls(on: loop).wait()
        listener.closeWhenWritten()
        try wait.pass(Self.closeLimit) { try listener.connectionCount().wait() == 0 }
        try gateway.close(on: loop).wait()
        logger.notice("drained")
    }

    /// How long clients may take to read the last bytes.
    private static let closeLimit = Duration.seconds(2)
}
