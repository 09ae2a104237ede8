// Where a node has its time from: one clock that only goes forward, for waits, and one that other processes understand.
// A simulation gives both.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif
public import NIOCore

/// The clocks of one node.
public struct NodeClock: Sendable {
    private let readNow: @Sendable () -> NIODeadline
    private let readUnixSeconds: @Sendable () -> UInt32
    private let start: NIODeadline

    /// - Parameters:
    ///   - now: never goes back.
    ///   - unixSeconds: the wall clock, for what must be understood by another process or after a restart.
    public init(now: @escaping @Sendable () -> NIODeadline, unixSeconds: @escaping @Sendable () -> UInt32) {
        readNow = now
        readUnixSeconds = unixSeconds
        start = now()
    }

    /// Those of the machine; its node has started now.
    public static var system: NodeClock {
        NodeClock(
            now: { .now() },
            unixSeconds: {
                var time = timespec()
                clock_gettime(CLOCK_REALTIME, &time)
                return UInt32(clamping: time.tv_sec)
            })
    }

    var now: NIODeadline { readNow() }

    var unixSeconds: UInt32 { readUnixSeconds() }

    /// Seconds since the node's start. Begins at 1 so that 0 can mean never.
    func seconds(_ now: NIODeadline) -> UInt32 { UInt32(clamping: (now - start).nanoseconds / 1_000_000_000 + 1) }
}
