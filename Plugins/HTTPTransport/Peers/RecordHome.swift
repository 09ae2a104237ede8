// What the home of a record does: find out whether anybody else has it, decide, and make the second copy before it
// answers. Everything happens on the cluster's loop, which serialises the writes of a record.
internal import NIOCore
internal import SealedBox
internal import TransportAPI

final class RecordHome {
    private static let pause = TimeAmount.milliseconds(20)

    /// The others are being asked for a record.
    private final class Inquiry {
        var waiting: [(Outcome) -> Void] = []
        var open = 0
        var silent = 0
        var isDisputed = false
        var best: StoredRecord?
        var holders: [MemberID] = []
    }

    private enum Outcome { case known, disputed, silent, overloaded }

    private unowned let directory: PeerDirectory
    private var inquiries: [Key128: Inquiry] = [:]
    /// Calls that wait for inquiries.
    private var waiting = 0

    init(directory: PeerDirectory) { self.directory = directory }

    private var options: HTTPClusterOptions { directory.network.options }

    /// - Parameter view: the nodes that the asker sees. Who sees others might take another node for the home.
    func serve(_ call: DirectoryCall, view: UInt64, _ done: @escaping (DirectoryReply) -> Void) {
        guard view == directory.view, isHome(of: call) else { return done(.disputed) }
        if let reply = apply(call, isSure: false) { return settle(call, reply, done) }
        guard waiting < options.requestsMax else { return done(.failed(.overloaded)) }
        waiting += 1
        inquire(call.key) { outcome in
            self.waiting -= 1
            switch outcome {
            case .disputed: done(.disputed)
            case .silent: done(.failed(.timedOut))
            case .overloaded: done(.failed(.overloaded))
            case .known:
                guard let reply = self.apply(call, isSure: true) else { return done(.failed(.interrupted)) }
                self.settle(call, reply, done)
            }
        }
    }

    /// A new record may come to another node while its home is silent.
    private func isHome(of call: DirectoryCall) -> Bool {
        if case .create = call { return directory.nodes.contains(directory.network.own) }
        return Rendezvous.order(directory.nodes, for: call.key).first == directory.network.own
    }

    private func apply(_ call: DirectoryCall, isSure: Bool) -> DirectoryReply? {
        directory.store.apply(call, isSure: isSure, now: .now(), random: SecureRandom.uint64())
    }

    private func settle(_ call: DirectoryCall, _ reply: DirectoryReply, _ done: @escaping (DirectoryReply) -> Void) {
        guard case .write(.written(let revision)) = reply else { return done(reply) }
        copy(call.key, revision, until: .now() + options.copyTimeout) { done($0 ?? reply) }
    }

    // MARK: Asking the others

    private func inquire(_ key: Key128, _ then: @escaping (Outcome) -> Void) {
        if let inquiry = inquiries[key] { return inquiry.waiting.append(then) }
        let others = directory.nodes.filter { $0 != directory.network.own }
        let asked = others.filter { !isSuspect($0) }
        let inquiry = Inquiry()
        inquiry.waiting.append(then)
        inquiry.open = asked.count
        inquiry.silent = others.count - asked.count
        if asked.isEmpty { return conclude(key, inquiry) }
        inquiries[key] = inquiry
        let limit = TimeAmount.nanoseconds(options.copyTimeout.nanoseconds / 2)
        for other in asked {
            directory.requests.send(
                .peek(key, view: directory.view), on: directory.network.link(to: other), within: limit
            ) { [directory] result in
                switch result {
                case .success(.entry(let record)): Self.note(record, of: other, inquiry)
                case .success(.disputed): inquiry.isDisputed = true
                default: inquiry.silent += 1
                }
                inquiry.open -= 1
                if inquiry.open == 0 { withExtendedLifetime(directory) { self.conclude(key, inquiry) } }
            }
        }
    }

    private static func note(_ record: StoredRecord?, of node: MemberID, _ inquiry: Inquiry) {
        guard let record else { return }
        if let best = inquiry.best, best.revision >= record.revision {
            if best.revision == record.revision { inquiry.holders.append(node) }
            return
        }
        inquiry.best = record
        inquiry.holders = [node]
    }

    /// Each record has two copies, so one node that does not answer hides none.
    private func conclude(_ key: Key128, _ inquiry: Inquiry) {
        inquiries[key] = nil
        var outcome = Outcome.known
        if inquiry.isDisputed {
            outcome = .disputed
        } else if inquiry.best == nil, inquiry.silent > 1 {
            outcome = .silent
        } else if let best = inquiry.best,
            !directory.store.adopt(key, best, holders: inquiry.holders, now: .now())
        {
            outcome = .overloaded
        }
        for then in inquiry.waiting { then(outcome) }
    }

    // MARK: The second copy

    /// - Parameter done: nil when the write stands as it is, with or without its copy.
    private func copy(
        _ key: Key128, _ revision: UInt64, until end: NIODeadline, _ done: @escaping (DirectoryReply?) -> Void
    ) {
        let now = NIODeadline.now()
        let others = Rendezvous.order(directory.nodes, for: key).filter { $0 != directory.network.own }
        guard let entry = directory.store.entry(key, now: now), entry.revision == revision,
            let second = others.first(where: { !isSuspect($0) }) ?? others.first
        else { return done(nil) }
        directory.requests.send(
            .copy(key, entry.stored(now: now), view: directory.view), on: directory.network.link(to: second),
            within: max(.milliseconds(1), end - now)
        ) { [directory] result in
            switch result {
            case .success(.copied):
                directory.store.noteHolders(key, revision, [second])
                done(nil)
            case .success(.disputed): self.again(key, revision, end, orElse: .failed(.interrupted), done)
            case .failure(.interrupted), .failure(.noLink): self.again(key, revision, end, orElse: nil, done)
            default:
                directory.network.log.oneCopy(second)
                done(nil)
            }
        }
    }

    private func again(
        _ key: Key128, _ revision: UInt64, _ end: NIODeadline, orElse reply: DirectoryReply?,
        _ done: @escaping (DirectoryReply?) -> Void
    ) {
        guard NIODeadline.now() + Self.pause < end else { return done(reply) }
        directory.loop.assumeIsolated().scheduleTask(in: Self.pause) { [directory] in
            withExtendedLifetime(directory) { self.copy(key, revision, until: end, done) }
        }
    }

    private func isSuspect(_ node: MemberID) -> Bool { directory.network.members[node]?.isSuspect == true }
}
