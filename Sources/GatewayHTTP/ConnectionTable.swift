// The client connections of one event loop: counts them, looks at their deadlines twice a second, closes them in a
// drain. One timer for all, so that a request sets its deadlines with a plain store.
public import HTTPWire
public import NIOCore

/// Bounds and waits of a listener.
public struct ListenerOptions: Sendable {
    public var headLimits = HeadLimits()
    /// From a head's first byte to its last. Beyond: 408.
    public var headTimeout = TimeAmount.seconds(10)
    /// From a body's first byte to its last. Beyond: 408.
    public var bodyTimeout = TimeAmount.seconds(30)
    /// Between two requests of one connection. Beyond: closed.
    public var keepAliveTimeout = TimeAmount.seconds(75)
    /// How long a refused client may go on sending before the connection is closed under it.
    public var lingerTimeout = TimeAmount.seconds(2)
    /// Connections on all event loops together. Beyond: 503.
    public var connectionsMax = 10_000

    /// Bytes of request bodies that are being received, on all event loops together. Beyond: 503, before more is read.
    public var incomingBytesMax = 256 * 1024 * 1024
    /// Bytes queued for one client at which reading from its instance stops.
    public var queuedBytesMax = 128 * 1024

    public init() {}
}

/// The client connections of one listener on one event loop.
final class ConnectionTable {
    static let tickInterval = TimeAmount.milliseconds(500)

    let options: ListenerOptions
    private let connectionsMax: Int
    private let incomingBytesMax: Int
    /// Bytes of unfinished request bodies.
    var incomingBytes = 0
    private var connections: [HTTP1Connection] = []
    var isDraining = false

    /// - Parameter loops: over how many event loops the listener's bounds are spread.
    init(options: ListenerOptions, loops: Int) {
        self.options = options
        connectionsMax = max(options.connectionsMax / max(loops, 1), 1)
        incomingBytesMax = max(options.incomingBytesMax / max(loops, 1), 1)
    }

    var count: Int { connections.count }

    var isFull: Bool { connections.count >= connectionsMax }

    var hasRoomForBodies: Bool { incomingBytes <= incomingBytesMax }

    func start(on loop: any EventLoop) {
        let bound = NIOLoopBound(self, eventLoop: loop)
        loop.scheduleRepeatedTask(initialDelay: Self.tickInterval, delay: Self.tickInterval) { _ in
            let now = NIODeadline.now()
            for connection in bound.value.connections { connection.tick(now: now) }
        }
    }

    func add(_ connection: HTTP1Connection) {
        connection.slot = connections.count
        connections.append(connection)
    }

    func remove(_ connection: HTTP1Connection) {
        guard connection.slot < connections.count, connections[connection.slot] === connection else { return }
        let last = connections.removeLast()
        guard last !== connection else { return }
        connections[connection.slot] = last
        last.slot = connection.slot
    }

    /// From now on every answer ends its connection; idle ones end at once.
    func drain() {
        isDraining = true
        for connection in connections { connection.closeIfIdle() }
    }

    /// NIO closes behind the writes that wait, so nothing that was handed over is lost.
    func closeWhenWritten() { for connection in connections { connection.closeBehindWrites() } }
}
