// The operators' listener of a process, where the configuration wants one.
internal import ArgumentParser
internal import GatewayConfig
internal import GatewayCore
internal import GatewayHTTP
internal import Logging
internal import NIOCore
internal import NIOPosix

struct AdminDoor {
    let configuration: GatewayConfiguration
    let logger: Logger
    let log: LogWriter

    /// The default address may be taken by another node on this machine: then the node goes on without. An address
    /// that the operator chose must work.
    func bind(
        _ gateway: Gateway, _ group: MultiThreadedEventLoopGroup, doorCounts: (@Sendable () -> DoorCounts)? = nil
    ) throws -> HTTPListener? {
        guard configuration.admin.isEnabled else { return nil }
        let address = configuration.admin.listen
        let access = address.isLoopback ? AccessPolicy.loopback : AccessPolicy(hosts: nil, origins: [])
        do {
            let listener = try HTTPListener.bind(
                host: address.host, port: address.port, group: group, options: .forOperators
            ) { loop in AdminService(gateway: gateway, loop: loop, access: access, doorCounts: doorCounts) }.wait()
            logger.info("admin listener is up", metadata: ["listen": "\(address.host):\(listener.port)"])
            return listener
        } catch {
            if configuration.admin.isExplicit {
                log.fail("error: cannot listen on \(address) (admin.listen): \(error)")
                throw ExitCode.cannotBind
            }
            logger.warning(
                "no admin listener: its default address is taken; set admin.listen to another",
                metadata: ["listen": "\(address)", "error": "\(error)"])
            return nil
        }
    }
}
