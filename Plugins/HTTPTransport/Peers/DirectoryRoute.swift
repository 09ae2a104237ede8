// The way of one call: to the home of its record, again while nodes come and go, and for a read to the next node.
// Belongs to the cluster's loop.
internal import NIOCore
internal import TransportAPI

final class DirectoryRoute {
    /// Pause before another attempt while nodes do not see each other alike.
    private static let pause = TimeAmount.milliseconds(20)

    private let call: DirectoryCall
    private let directory: PeerDirectory
    private let completion: (DirectoryReply) -> Void
    private let deadline: NIODeadline
    /// No attempt begins after this, so that each has time for its answer.
    private let lastAttempt: NIODeadline

    /// - Parameter completion: called once.
    init(_ call: DirectoryCall, _ directory: PeerDirectory, _ completion: @escaping (DirectoryReply) -> Void) {
        self.call = call
        self.directory = directory
        self.completion = completion
        // An attachment waits for what a node does in its name.
        let limit = directory.network.options.homeTimeout
        let now = NIODeadline.now()
        deadline = now + (directory.isNode ? limit : limit * 3)
        lastAttempt = now + .nanoseconds(limit.nanoseconds / 2)
    }

    func start() { attempt() }

    private func attempt() {
        let network = directory.network
        let order = Rendezvous.order(directory.nodes, for: call.key)
        guard let home = home(order) else { return retry(orElse: .failed(.unreachable)) }
        let view = directory.view
        if home == network.own {
            return directory.home.serve(call, view: view) { self.answered($0, order) }
        }
        directory.requests.send(
            directory.isNode ? .serve(call, view: view) : .perform(call), on: network.link(to: home),
            within: max(.milliseconds(1), deadline - .now())
        ) { result in
            switch result {
            case .success(let reply): self.answered(reply, order)
            case .failure(let failure): self.failed(failure, order)
            }
        }
    }

    /// A new record is not given to a node that is silent.
    private func home(_ order: [MemberID]) -> MemberID? {
        guard case .create = call else { return order.first }
        return order.first { directory.network.members[$0]?.isSuspect != true } ?? order.first
    }

    private func answered(_ reply: DirectoryReply, _ order: [MemberID]) {
        switch reply {
        case .disputed: retry(order, orElse: .failed(.unreachable))
        case .failed(.timedOut) where !call.isWrite: readNext(order, orElse: reply)
        default: completion(reply)
        }
    }

    private func failed(_ failure: RequestTable.Failure, _ order: [MemberID]) {
        switch failure {
        case .overloaded: completion(.failed(.overloaded))
        case .noLink: retry(order, orElse: .failed(.unreachable))
        case .interrupted: call.isWrite ? completion(.failed(.interrupted)) : retry(order, orElse: .failed(.timedOut))
        case .timedOut: call.isWrite ? completion(.failed(.timedOut)) : readNext(order, orElse: .failed(.timedOut))
        }
    }

    private func retry(_ order: [MemberID] = [], orElse reply: DirectoryReply) {
        guard NIODeadline.now() + Self.pause < lastAttempt else {
            return call.isWrite ? completion(reply) : readNext(order, orElse: reply)
        }
        directory.loop.assumeIsolated().scheduleTask(in: Self.pause) { self.attempt() }
    }

    /// A read is a hint: who has the second copy may answer too.
    private func readNext(_ order: [MemberID], orElse reply: DirectoryReply) {
        let network = directory.network
        guard directory.isNode, let next = order.dropFirst().first else { return completion(reply) }
        if next == network.own {
            let record = directory.store.entry(call.key, now: .now())?.stored(now: .now()).record
            return completion(.read(record.map { .found($0) } ?? .unknown))
        }
        directory.requests.send(
            .peek(call.key, view: 0), on: network.link(to: next), within: network.options.homeTimeout
        ) { [completion] result in
            guard case .success(.entry(let entry)) = result else { return completion(reply) }
            completion(.read(entry?.record.map { .found($0) } ?? .unknown))
        }
    }
}
