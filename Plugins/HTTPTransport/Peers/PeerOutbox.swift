// What waits to be sent on one link. The narrow door between publishers on any thread and the link on its loop:
// bounded, and one turn on the loop per burst.
internal import NIOCore
internal import Synchronization

final class PeerOutbox: Sendable {
    enum Offer { case queued, full, closed }

    private struct Queue {
        var frames: [PeerFrame] = []
        /// Cost of what is queued, and of what the socket has not yet taken.
        var bytes = 0
        var isScheduled = false
        var isClosed = false
        /// The peer is silent: it is left out rather than waited for.
        var isSuspect = false
    }

    private let queue = Mutex(Queue())
    private let bytesMax: Int
    private let loop: any EventLoop
    private let drain: @Sendable () -> Void

    /// - Parameter drain: called on `loop` when there is something to send.
    init(bytesMax: Int, loop: any EventLoop, drain: @escaping @Sendable () -> Void) {
        self.bytesMax = bytesMax
        self.loop = loop
        self.drain = drain
    }

    /// - Parameter isBounded: false for the few small frames that keep a link alive or end it.
    @discardableResult
    func offer(_ frame: PeerFrame, isBounded: Bool = true) -> Offer {
        let cost = frame.cost
        let (offer, schedules) = queue.withLock { queue -> (Offer, Bool) in
            if queue.isClosed { return (.closed, false) }
            if isBounded, queue.bytes > 0, queue.bytes + cost > bytesMax { return (.full, false) }
            queue.frames.append(frame)
            queue.bytes += cost
            defer { queue.isScheduled = true }
            return (.queued, !queue.isScheduled)
        }
        if schedules { loop.execute(drain) }
        return offer
    }

    /// Would a frame of this cost be refused, by a peer that is alive?
    func isBlocked(_ cost: Int) -> Bool {
        queue.withLock { !$0.isClosed && !$0.isSuspect && $0.bytes > 0 && $0.bytes + cost > bytesMax }
    }

    /// Everything that is queued. On the loop, as the drain.
    func take() -> [PeerFrame] {
        queue.withLock { queue in
            queue.isScheduled = false
            defer { queue.frames.removeAll(keepingCapacity: queue.frames.count < 1024) }
            return queue.frames
        }
    }

    /// The socket has taken frames of this cost.
    func sent(_ cost: Int) { queue.withLock { $0.bytes -= cost } }

    func setSuspect(_ isSuspect: Bool) { queue.withLock { $0.isSuspect = isSuspect } }

    func close() {
        queue.withLock {
            $0.isClosed = true
            $0.frames = []
            $0.bytes = 0
        }
    }
}
