// How the room subscribes: one subscription at the server for each subject, whatever their number here.
#if Redis
internal import NIOCore
internal import TransportAPI
internal import TransportKit

extension BusRoom {
    /// One subject that is or was heard.
    struct Heard {
        let inbox: PlaceInbox
        let name: String
        /// The server has confirmed it, on the connection that is up.
        var isActive = false
        /// Who waits for that.
        var waiting: [(subscription: QueuedSubscription, promise: EventLoopPromise<any Subscription>)] = []
    }

    func subscribe(_ subscription: QueuedSubscription, _ promise: EventLoopPromise<any Subscription>) {
        let subject = subscription.subject
        guard let hearing, hearing.isOpen else {
            return promise.fail(
                TransportError(.interrupted, .notDelivered, "There is no connection to the Redis server."))
        }
        if heard[subject] == nil, !makeRoom() {
            return promise.fail(
                TransportError(
                    .overloaded, .notDelivered, "More than \(options.subjectsMax) subjects are subscribed to."))
        }
        var entry = heard[subject] ?? make(subject)
        if entry.isActive {
            heard[subject] = entry
            return activate(subscription, promise, entry.inbox)
        }
        entry.waiting.append((subscription, promise))
        let isFirst = entry.waiting.count == 1
        heard[subject] = entry
        loop.assumeIsolated().scheduleTask(in: options.subscribeTimeout) { [weak self] in
            self?.endLate(subject, promise)
        }
        guard isFirst else { return }
        hearing.send(RESPCommand("SUBSCRIBE", with: [entry.name])) { [weak self, weak hearing] result in
            guard let self, let hearing, hearing === self.hearing else { return }
            confirmed(subject, result)
        }
        hearing.flush()
    }

    private func make(_ subject: Subject) -> Heard {
        let inbox = PlaceInbox(
            subject, bus.names, secrets: options.secrets, limits: options.arrivalLimits, keeper: bus)
        return Heard(inbox: inbox, name: inbox.name)
    }

    private func confirmed(_ subject: Subject, _ result: Result<RESPValue, TransportError>) {
        guard var entry = heard[subject] else { return }
        let waiting = entry.waiting
        entry.waiting = []
        switch result {
        case .success(.array):
            entry.isActive = true
            heard[subject] = entry
            inboxes[ByteBuffer(string: entry.name)] = entry.inbox
            for each in waiting { activate(each.subscription, each.promise, entry.inbox) }
            // Everybody who waited may have lost patience.
            look(subject)
        case .success(.error(let text)):
            heard[subject] = entry
            let error = RedisFailure.error(text, "cannot subscribe to \(entry.name)")
            for each in waiting { each.promise.fail(error) }
        case .success(let other):
            heard[subject] = entry
            for each in waiting {
                each.promise.fail(
                    TransportError(.malformed, .unknown, "Redis answered SUBSCRIBE \(entry.name) with \(other)."))
            }
        case .failure(let error):
            heard[subject] = entry
            for each in waiting { each.promise.fail(error) }
        }
    }

    private func activate(
        _ subscription: QueuedSubscription, _ promise: EventLoopPromise<any Subscription>, _ inbox: PlaceInbox
    ) {
        inbox.add(subscription)
        promise.succeed(subscription)
        // Behind the completion on the same loop.
        subscription.open()
    }

    private func endLate(_ subject: Subject, _ promise: EventLoopPromise<any Subscription>) {
        let future = promise.futureResult
        let place = heard[subject]?.waiting.firstIndex { $0.promise.futureResult === future }
        guard let place else { return }
        heard[subject]?.waiting.remove(at: place)
        promise.fail(TransportError(.timedOut, .unknown, "The Redis server did not confirm \(subject.text) in time."))
    }

    /// Ends a subscription at the server that nobody here needs. The numbers stay, so that what came before is not
    /// taken for new.
    func look(_ subject: Subject) {
        guard let entry = heard[subject], entry.isActive, entry.waiting.isEmpty, entry.inbox.prune() else { return }
        heard[subject]?.isActive = false
        inboxes[ByteBuffer(string: entry.name)] = nil
        hearing?.send(RESPCommand("UNSUBSCRIBE", with: [entry.name])) { _ in }
        hearing?.flush()
    }

    /// The connection is gone, or the whole bus.
    func endAll(_ error: TransportError) {
        inboxes = [:]
        for subject in heard.keys {
            heard[subject]?.isActive = false
            let waiting = heard[subject]?.waiting ?? []
            heard[subject]?.waiting = []
            for each in waiting { each.promise.fail(error) }
            heard[subject]?.inbox.end(error)
        }
    }

    /// - Returns: whether there is room for one more subject.
    private func makeRoom() -> Bool {
        guard heard.count >= options.subjectsMax else { return true }
        // The own inbox stays: what comes there with number 1 is taken for new.
        let own = Subject.inbox(bus.names.own)
        let idle = heard.first { !$0.value.isActive && $0.value.waiting.isEmpty && $0.key != own }
        guard let idle else { return false }
        heard[idle.key] = nil
        return true
    }
}
#endif
