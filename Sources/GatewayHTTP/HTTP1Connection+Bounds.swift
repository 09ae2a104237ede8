// A connection's part in the bounds that all connections share: what it keeps of requests that are not there whole, and
// what its client has not taken. When a bound is exceeded, a round of the listener asks here who is worst.
internal import GatewayCore
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

extension HTTP1Connection {
    // MARK: Received

    /// Behind each pass over what has arrived: lets go of storage that nothing needs, and counts what stays. Nothing
    /// stays of a request that came in one piece.
    func settleReceived() {
        inbox = inbox.readableBytes == 0 ? ByteBuffer() : inbox.withoutSlack()
        switch phase {
        case .readingHead: holdReceived(inbox.storageCapacity)
        case .readingBody: holdReceived(inbox.storageCapacity + pending.bodyStorage)
        // One read at most is kept for later, see `receivedBytesMax`.
        case .answering, .lingering, .closed: return holdReceived(0)
        }
    }

    func holdReceived(_ bytes: Int) {
        guard bytes != pending.held else { return }
        let change = pending.hold(bytes, table.clock())
        table.ledger.received.add(change)
        guard change > 0, !pending.waitsForRoom, table.ledger.received.isExceeded else { return }
        pending.waitsForRoom = true
        table.makeRoom(for: self)
    }

    /// Room was made for what it has received, or could not be.
    func endWait(hasRoom: Bool) {
        guard pending.waitsForRoom else { return }
        pending.waitsForRoom = false
        switch phase {
        case .readingHead, .readingBody: break
        case .answering, .lingering, .closed: return
        }
        guard !hasRoom else { return readOn() }
        table.ledger.note(.noRoom)
        refuse(Self.text(503, "This node is receiving as much as it can hold; try again."), verb: .get)
    }

    // MARK: Queued

    /// Notes what waits for the client.
    func countQueue(_ queued: Int) {
        guard queued != queue.counted else { return }
        add(queue.count(queued, now: table.clock()))
    }

    /// The same, once in a tick, and closes the connection if its answer has ended and its client does not take it.
    func lookAtQueue(now: NIODeadline) {
        add(queue.look(bufferedBytes, now: now))
        if case .answering = phase { return }
        guard queue.idle(now) >= table.options.writeTimeout else { return }
        table.ledger.note(.notReading)
        context?.close(promise: nil)
    }

    private func add(_ change: Int) {
        guard change != 0 else { return }
        table.ledger.queued.add(change)
        guard change > 0, let context, table.ledger.queued.isExceeded else { return }
        table.relieveSoon(on: context.eventLoop)
    }

    // MARK: Rounds

    /// It waits for a request, and whatever it keeps is no part of one.
    private var isIdle: Bool {
        if case .readingHead = phase { return isBetweenRequests }
        return false
    }

    /// How bad it is to keep this connection, nil if it has no part in that bound. The higher, the sooner it goes.
    func score(_ kind: RoomRound.Kind, now: NIODeadline) -> Int? {
        switch kind {
        case .received:
            guard pending.held > 0, !isIdle else { return nil }
            return pending.score(now)
        case .queued:
            guard queue.counted > 0 else { return nil }
            countQueue(bufferedBytes)
            return queue.counted > 0 ? queue.score(now) : nil
        }
    }

    func cutOff(_ kind: RoomRound.Kind, hasStalled: Bool) {
        switch kind {
        case .received:
            table.ledger.note(.stalledUpload)
            let answer =
                hasStalled
                ? Self.text(408, "This node has no room for requests that stall; send it again, and faster.")
                : Self.text(503, "This node is receiving as much as it can hold, and this took longest; try again.")
            refuse(answer, verb: .get)
        case .queued:
            table.ledger.note(.queuedTotal)
            countQueue(0)
            context?.close(promise: nil)
        }
    }
}
