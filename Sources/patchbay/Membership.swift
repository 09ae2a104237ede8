// This process as a member of its cluster: who it is, over what it meets the others, and the parts that both a node and
// an attachment are made of.
internal import ArgumentParser
internal import GatewayCore
internal import NIOCore
internal import NIOPosix
internal import TransportAPI

struct Membership {
    private let log: LogWriter
    let cluster: any ClusterTransport
    let parts: Gateway.Parts

    /// Makes everything, and opens nothing yet.
    init(_ assembly: Assembly, _ group: MultiThreadedEventLoopGroup, _ log: LogWriter) throws {
        self.log = log
        let member = assembly.member
        cluster = try assembly.cluster(TransportContext(member: member, group: group, logger: assembly.logger))
        do {
            parts = try assembly.parts(cluster, member)
        } catch {
            log.fail("error: \(error)")
            throw ExitCode.badConfig
        }
    }

    /// Opens the way to the others.
    func start(on loop: any EventLoop) throws {
        do {
            try cluster.start(on: loop).wait()
        } catch {
            log.fail("error: the cluster cannot be joined: \(error)")
            throw ExitCode.cannotBind
        }
    }

    /// Takes leave of the others.
    func end(on loop: any EventLoop) throws { try cluster.close(on: loop).wait() }
}
