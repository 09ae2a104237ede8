// The bounds and waits of a listener: what a client's connection may take, how long, and what happens beyond. They hold
// for all event loops together; nothing is divided among them.
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
    /// How long a refused client may go on sending before the connection is closed under it. Counts from when its
    /// answer is out.
    public var lingerTimeout = TimeAmount.seconds(2)
    /// How long a client may take none of the bytes that wait for it once its answer has ended. Beyond: closed. While
    /// an answer is under way its exchange looks after that.
    public var writeTimeout = TimeAmount.seconds(30)
    /// Connections. Beyond: 503, and closed at once.
    public var connectionsMax = 10_000
    /// Bytes kept of requests that are not there whole, in buffers of such connections. Beyond: who has sent nothing
    /// for longest is cut off (408), then who has been sending for longest; if nobody can be, 503 to the newcomer.
    public var incomingBytesMax = 256 * 1024 * 1024
    /// Bytes queued for one client at which reading from its instance stops.
    public var queuedBytesMax = 128 * 1024
    /// Bytes written for clients that have not taken them. Beyond: who has taken nothing for longest is closed, then
    /// who would need longest to take what waits, until there is room.
    public var queuedTotalMax = 512 * 1024 * 1024

    public init() {}

    /// For operators: few connections and little memory, so that whoever reaches their port takes nothing from clients.
    public static var forOperators: ListenerOptions {
        var options = ListenerOptions()
        options.connectionsMax = 32
        options.incomingBytesMax = 2 * 1024 * 1024
        options.queuedTotalMax = 64 * 1024 * 1024
        options.keepAliveTimeout = .seconds(30)
        return options
    }
}
