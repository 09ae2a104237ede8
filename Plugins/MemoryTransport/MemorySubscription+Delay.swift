// Late deliveries, which only a fault plan makes. They count towards the capacity like all others, and run on the
// subscriber's loop, so that an embedded loop's time drives them.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

extension MemorySubscription {
    /// Lets an envelope in after `delay`. What comes later waits behind it.
    func take(_ envelope: Envelope, from sender: MemberID, after delay: TimeAmount) {
        let held = Held(Delivery(envelope: envelope, sender: sender), isDue: false)
        let (isHeld, mustWake) = state.withLock { state in
            guard state.receiver != nil, state.failure == nil else { return (false, false) }
            guard admit(envelope.count, &state) else { return (false, wake(&state)) }
            state.held.append(held)
            return (true, false)
        }
        if mustWake { schedule() }
        guard isHeld else { return }
        loop.scheduleTask(in: delay) {
            held.isDue.store(true, ordering: .relaxed)
            if self.state.withLock({ self.release(&$0) }) { self.schedule() }
        }
    }

    /// Lets an envelope in after `delay`. What comes later may pass it.
    func takeOutOfOrder(_ envelope: Envelope, from sender: MemberID, after delay: TimeAmount) {
        let (isIn, mustWake) = state.withLock { state in
            guard state.receiver != nil, state.failure == nil else { return (false, false) }
            let isIn = admit(envelope.count, &state)
            return (isIn, isIn ? false : wake(&state))
        }
        if mustWake { schedule() }
        guard isIn else { return }
        loop.scheduleTask(in: delay) {
            let mustWake = self.state.withLock { state in
                guard state.receiver != nil, state.failure == nil else { return false }
                return self.enqueue(Delivery(envelope: envelope, sender: sender), &state)
            }
            if mustWake { self.schedule() }
        }
    }

    /// Ends it after `delay`, unless it is going to end before.
    func fail(_ error: TransportError, after delay: TimeAmount) {
        let isFirst = state.withLock { state in
            defer { state.willFail = true }
            return !state.willFail
        }
        guard isFirst else { return }
        loop.scheduleTask(in: delay) { self.fail(error) }
    }

    /// Lets those wait that are due and have nothing before them that is not. True when a drain must be scheduled.
    private func release(_ state: inout State) -> Bool {
        guard state.receiver != nil, state.failure == nil else { return false }
        while let first = state.held.first, first.isDue.load(ordering: .relaxed) {
            state.held.removeFirst()
            state.waiting.append(first.delivery)
        }
        return state.waiting.isEmpty ? false : wake(&state)
    }
}
