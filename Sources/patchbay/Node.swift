// One running node: its event loops, its two listeners, its drain.
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

    func run(until signals: SignalWatch) async throws {
        let assembly = Assembly(configuration: configuration, logger: logger)
        var parts: Gateway.Parts
        do {
            parts = try assembly.parts()
        } catch {
            StandardError.print("error: an upstream's TLS cannot be set up: \(error); check tls.ca_file.")
            throw ExitCode.badConfig
        }
        let accessLog = configuration.accessLog ? AccessLogWriter(logger: logger) : nil
        if let accessLog { parts.accessLog = { [logger] in accessLog.write($0, logger) } }
        warn()
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let gateway = Gateway(parts)
        let listener = try await bind(gateway, group, assembly.listenerOptions)
        let admin = try await bindAdmin(gateway, group)
        await gateway.waitForFirstChecks()
        for upstream in configuration.upstreams {
            let host = configuration.listen.host
            let name = host.contains(":") ? "[\(host)]" : host
            StandardError.printToStandardOutput("patchbay ready http://\(name):\(listener.port)\(upstream.path)")
        }
        await signals.first()
        await drain(gateway, listener, signals)
        await admin?.stopAccepting()
        await accessLog?.close()
        try? await group.shutdownGracefully()
    }

    private func warn() {
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
    ) async throws -> HTTPListener {
        do {
            return try await HTTPListener.bind(
                host: configuration.listen.host, port: configuration.listen.port, group: group, options: options
            ) { loop in try gateway.makeWorker(on: loop) }
        } catch {
            StandardError.print("error: cannot listen on \(configuration.listen): \(error)")
            throw ExitCode.cannotBind
        }
    }

    /// The default address may be taken by another node on this machine: then the node goes on without. An address
    /// that the operator chose must work.
    private func bindAdmin(_ gateway: Gateway, _ group: MultiThreadedEventLoopGroup) async throws -> HTTPListener? {
        let address = configuration.admin.listen
        let access = address.isLoopback ? AccessPolicy.loopback : AccessPolicy(hosts: nil, origins: [])
        do {
            let listener = try await HTTPListener.bind(
                host: address.host, port: address.port, group: group, options: ListenerOptions()
            ) { loop in AdminService(gateway: gateway, loop: loop, access: access) }
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

    private func drain(_ gateway: Gateway, _ listener: HTTPListener, _ signals: SignalWatch) async {
        logger.notice("draining: no new sessions; running calls finish")
        gateway.beginDrain()
        let hurry = Task { await signals.second() }
        let finish = Task {
            try await Task.sleep(for: configuration.drainDelay)
            listener.drain()
            await gateway.endStreams()
            await listener.stopAccepting()
            let end = ContinuousClock.now + configuration.drainTimeout
            while await gateway.attachedCount() > 0, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { _ = try? await finish.value }
            tasks.addTask { await hurry.value }
            await tasks.next()
            finish.cancel()
            hurry.cancel()
            signals.release()
            tasks.cancelAll()
        }
        let left = await gateway.attachedCount()
        if left > 0 { logger.warning("drain_timeout is over: ending what still runs", metadata: ["exchanges": "\(left)"]) }
        await gateway.endCalls()
        await listener.stopAccepting()
        await listener.closeWhenWritten()
        await gateway.close()
        logger.notice("drained")
    }
}
