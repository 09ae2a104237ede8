// The bounds of a relay desk: what it holds, and how long it waits.
public import NIOCore

/// Bounds of one ``RelayDesk``. Sizes are in bytes. The sides of a relay may have different ones.
public struct RelayLimits: Sendable {
    /// How much of an answer may be under way, written by the host and not yet acknowledged by the caller, before the
    /// host is told that its caller is not writable. At least 4 KiB and at most 16 MiB; the caller's value counts.
    public var windowBytes = 256 * 1024
    /// Exchanges that this desk has asked for. Beyond: `.overloaded`, not delivered.
    public var callsMax = 100_000
    /// Exchanges that this desk serves. Beyond: refused with `.overloaded`, not delivered.
    public var hostedMax = 100_000
    public var contextBytesMax = 4 * 1024
    public var headBytesMax = 64 * 1024
    public var bodyBytesMax = 16 * 1024 * 1024
    /// Bodies that have not arrived whole, together. Beyond: refused with `.overloaded`, not delivered.
    public var gatheredBytesMax = 64 * 1024 * 1024
    /// Header lines of an answer. Beyond: the answer is broken off.
    public var linesBytesMax = 64 * 1024
    /// The largest part in which an answer's body travels.
    public var partBytesMax = 64 * 1024
    /// What may arrive for a receiver that has paused. Beyond: the exchange fails with `.overloaded`.
    public var pausedBytesMax = 64 * 1024 * 1024
    /// The text of a refusal. Beyond: cut.
    public var messageBytesMax = 512
    /// Ended exchanges that a host remembers, so that it never serves one again. Beyond: the oldest are forgotten.
    public var endedMax = 200_000
    /// How long it remembers them at least, unless there are more than ``endedMax``.
    public var endedFor: TimeAmount = .seconds(60)
    /// Without a sign that the host has got the request for this long, the exchange fails. Several ticks, for the host
    /// gives it at its next one.
    public var acceptTimeout: TimeAmount = .seconds(2)
    /// A request whose body is not whole by then is refused.
    public var bodyTimeout: TimeAmount = .seconds(10)
    /// How long either side may say nothing before the caller probes.
    public var quietInterval: TimeAmount = .seconds(10)
    /// As many unanswered probes, one each ``quietInterval``, fail an exchange. The host lets go of a caller that it
    /// has not heard for one interval more.
    public var probes = 3
    /// A longer step from tick to tick counts as this long: a process that was stopped reads its inbox before it
    /// gives anybody up.
    public var stepMax: TimeAmount = .seconds(3)

    public init() {}

    /// How long either side waits for a sign of the other at most.
    var silence: TimeAmount { quietInterval * (probes + 1) }

    static let windowRange = 4 * 1024...16 * 1024 * 1024
    /// The window within its bounds.
    var window: Int { Self.clampedWindow(windowBytes) }

    static func clampedWindow(_ bytes: Int) -> Int {
        min(max(bytes, windowRange.lowerBound), windowRange.upperBound)
    }
}
