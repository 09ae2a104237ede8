// Records kept by the nodes themselves: the port, and the way of a call to its home.
internal import NIOCore
internal import TransportAPI

final class PeerDirectory: SessionDirectory, @unchecked Sendable {
    let network: PeerNetwork
    init(network: PeerNetwork) { self.network = network }
    var valueBytesMax: Int { network.options.valueBytesMax }
    var timeout: TimeAmount { .seconds(3) }
    func incarnation(on loop: any EventLoop) -> EventLoopFuture<UInt64?> { loop.makeSucceededFuture(nil) }
    func read(_ key: Key128, on loop: any EventLoop) -> EventLoopFuture<DirectoryRead> { loop.makeSucceededFuture(.unknown) }
    func create(_ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> { loop.makeSucceededFuture(.lost(nil)) }
    func update(_ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> { loop.makeSucceededFuture(.lost(nil)) }
    func delete(_ key: Key128, from revision: UInt64, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> { loop.makeSucceededFuture(.lost(nil)) }
    func viewChanged() {}
    func linkEnded(_ link: PeerLink) {}
    func asked(_ id: UInt64, _ request: DirectoryRequest, by member: PeerMember, on link: PeerLink) {}
    func answered(_ id: UInt64, _ reply: DirectoryReply, on link: PeerLink) {}
    func handOver(until end: NIODeadline) -> EventLoopFuture<Void> { network.loop.makeSucceededVoidFuture() }
}
