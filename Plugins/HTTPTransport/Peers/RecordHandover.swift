// Moves records when nodes come and go: each record to its home and to the next node, and away from whoever is neither.
// A node that leaves is neither for all of its records. Belongs to the cluster's loop.
internal import NIOCore
internal import TransportAPI

final class RecordHandover {
    /// Copies under way at once.
    private static let copiesMax = 64
    /// Records looked at before the loop's other work gets a turn.
    private static let turnMax = 256
    /// Rest before changes are acted on, since they come in groups, and before failed copies are tried again.
    private static let rest = TimeAmount.milliseconds(100)

    private unowned let directory: PeerDirectory
    private var unchecked: [Key128] = []
    private var failed: [Key128] = []
    private var copies = 0
    private var isScheduled = false
    private var drained: EventLoopPromise<Void>?

    init(directory: PeerDirectory) { self.directory = directory }

    /// Every record is looked at anew, soon.
    func viewChanged() {
        guard directory.store.count > 0, !isScheduled else { return }
        isScheduled = true
        directory.loop.assumeIsolated().scheduleTask(in: drained == nil ? Self.rest : .zero) { [weak self] in
            self?.checkAll()
        }
    }

    /// Hands everything over; this node is not among the nodes any more.
    func drain(until end: NIODeadline) -> EventLoopFuture<Void> {
        let promise = directory.loop.makePromise(of: Void.self)
        drained = promise
        directory.loop.assumeIsolated().scheduleTask(deadline: end) { promise.succeed() }
        checkAll()
        return promise.futureResult
    }

    private func checkAll() {
        isScheduled = false
        unchecked = directory.store.keys
        failed = []
        turn()
    }

    private func turn() {
        var looked = 0
        while copies < Self.copiesMax, let key = unchecked.popLast() {
            check(key)
            looked += 1
            if looked == Self.turnMax {
                return directory.loop.assumeIsolated().execute { [weak self] in self?.turn() }
            }
        }
        guard unchecked.isEmpty, copies == 0 else { return }
        if failed.isEmpty || directory.nodes.isEmpty {
            drained?.succeed()
        } else if !isScheduled {
            isScheduled = true
            directory.loop.assumeIsolated().scheduleTask(in: Self.rest) { [weak self] in
                self?.retry()
            }
        }
    }

    private func retry() {
        isScheduled = false
        unchecked += failed
        failed = []
        turn()
    }

    private func check(_ key: Key128) {
        let now = NIODeadline.now()
        let own = directory.network.own
        guard directory.store.entry(key, now: now) != nil else { return }
        let keepers = Rendezvous.order(directory.nodes, for: key).prefix(2)
        let others = keepers.filter { $0 != own }
        directory.store.limitHolders(key, to: others)
        guard let entry = directory.store.entry(key, now: now) else { return }
        let missing = others.filter { !entry.holders.contains($0) }
        if missing.isEmpty {
            if !keepers.isEmpty, !keepers.contains(own) { directory.store.remove(key) }
            return
        }
        for node in missing { copy(key, entry, to: node, now) }
    }

    private func copy(_ key: Key128, _ entry: RecordStore.Entry, to node: MemberID, _ now: NIODeadline) {
        copies += 1
        directory.requests.send(
            .copy(key, entry.stored(now: now), view: 0), on: directory.network.link(to: node),
            within: directory.network.options.homeTimeout
        ) { [weak self] result in
            guard let self else { return }
            copies -= 1
            if case .success(.copied) = result {
                directory.store.noteHolders(key, entry.revision, [node])
                // It may be one too many here.
                unchecked.append(key)
            } else {
                failed.append(key)
            }
            turn()
        }
    }
}
