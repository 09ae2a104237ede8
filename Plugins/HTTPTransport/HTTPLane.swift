// The connections to an upstream's instances on one event loop: a stack of idle ones per instance, newest first, so
// that a quiet gateway shrinks to few connections. Nothing here is shared with another loop.
internal import NIOCore
internal import TransportAPI

/// One upstream's connections on one event loop.
final class HTTPLane: UpstreamLane {
    let upstream: HTTPUpstream
    let loop: any EventLoop
    /// Coarse: the time of the last tick. Good enough for the age of idle connections, and free.
    private(set) var now = NIODeadline.now()
    private var pools: [InstancePool]

    init(upstream: HTTPUpstream, loop: any EventLoop) {
        self.upstream = upstream
        self.loop = loop
        pools = upstream.instances.map { InstancePool(instance: $0) }
    }

    func open(
        _ request: ExchangeRequest, toInstance index: Int, for receiver: any ExchangeReceiver
    ) -> (any ExchangeHandle)? {
        guard pools.indices.contains(index) else {
            receiver.exchangeFailed(TransportError(.unreachable, .notDelivered, "There is no instance \(index)."))
            return nil
        }
        let pool = pools[index]
        while let connection = pool.idle.popLast() {
            // A write may fail within the call; then the receiver has heard of it, and the connection is no handle.
            if connection.start(request, for: receiver) { return connection.isClosed ? nil : connection }
        }
        guard pool.openCount < upstream.options.connectionsMax else {
            receiver.exchangeFailed(
                TransportError(
                    .overloaded, .notDelivered,
                    "\(pool.instance.authority) has \(pool.openCount) connections, as many as max_connections allows."))
            return nil
        }
        let connection = UpstreamConnection(lane: self, pool: pool)
        pool.openCount += 1
        connection.connect(request, for: receiver)
        return connection.isClosed ? nil : connection
    }

    func tick(now: NIODeadline) {
        self.now = now
        for pool in pools {
            let stale = pool.idle.filter { $0.isStale(now: now) }
            guard !stale.isEmpty else { continue }
            pool.idle.removeAll { $0.isStale(now: now) }
            for connection in stale { connection.close() }
        }
    }

    func close() {
        for pool in pools {
            let idle = pool.idle
            pool.idle.removeAll()
            for connection in idle { connection.close() }
        }
    }
}

/// The connections to one instance on one event loop.
final class InstancePool {
    let instance: HTTPInstance
    let requestLines: RequestLines
    /// A literal address needs no resolver and no thread.
    let address: SocketAddress?
    var idle: [UpstreamConnection] = []
    /// Connections in any state, those being opened included.
    var openCount = 0

    init(instance: HTTPInstance) {
        self.instance = instance
        requestLines = RequestLines(instance)
        address = try? SocketAddress(ipAddress: instance.host, port: instance.port)
    }
}
