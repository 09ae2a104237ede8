// One running attachment: a host without a door for clients, beside one instance. What nodes ask of it comes over the
// bus. Runs on the main thread, which waits for signals and for nothing else.
internal import ArgumentParser
internal import GatewayConfig
internal import GatewayCore
internal import GatewayHTTP
internal import Logging
internal import NIOCore
internal import NIOPosix

struct AttachmentNode {
    let configuration: GatewayConfiguration
    let logger: Logger
    let log: LogWriter
    /// How many files this process may open.
    let filesMax: Int

    func run(until signals: SignalWatch) throws {
        let assembly = Assembly(configuration: configuration, logger: logger, filesMax: filesMax)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.eventLoops)
        let membership = try Membership(assembly, group, log)
        let gateway = Gateway(membership.parts)
        let loop = group.next()
        for each in group.makeIterator() {
            _ = try each.submit { _ = try gateway.makeWorker(on: each) }.wait()
        }
        let admin = try AdminDoor(configuration: configuration, logger: logger, log: log).bind(gateway, group)
        // What is announced should be true: an instance that is down is attached as one that is down.
        try gateway.firstChecks(on: loop).wait()
        try membership.start(on: loop)
        try gateway.join(on: loop).wait()
        log.flush()
        printReady()
        signals.wait()
        try drain(gateway, loop, signals)
        try membership.end(on: loop)
        try admin?.stopAccepting().wait()
    }

    private func printReady() {
        for upstream in configuration.upstreams {
            for instance in upstream.instances {
                let id = instance.id ?? "-"
                StandardOutput.print("patchbay attached \(instance.url) as \(id) to \(upstream.name)")
            }
        }
    }

    /// Nodes hear at once that it takes nothing new; what runs finishes while it is still there.
    private func drain(_ gateway: Gateway, _ loop: any EventLoop, _ signals: SignalWatch) throws {
        logger.notice("draining: nothing new is taken")
        let wait = DrainWait(signals: signals)
        gateway.announceDrain()
        wait.pass(configuration.drainDelay + configuration.heartbeat) { false }
        gateway.beginDrain()
        try gateway.endStreams(on: loop).wait()
        try wait.pass(configuration.drainTimeout) { try gateway.awaitedCount(on: loop).wait() == 0 }
        let left = try gateway.awaitedCount(on: loop).wait()
        if left > 0 { logger.warning("ending what still runs", metadata: ["exchanges": "\(left)"]) }
        try gateway.endCalls(on: loop).wait()
        try gateway.close(on: loop).wait()
        logger.notice("drained")
    }
}
