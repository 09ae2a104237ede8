// Calls of several clients at once, without a pause between them, each to the next node in turn, for faults that happen
// meanwhile. How each of them ended is for the CallBook.
import Foundation
import Synchronization

final class CallLoad: Sendable {
    enum Kind: Sendable {
        /// Each client has a session, and another one when that is gone.
        case sessions
        case stateless
    }

    /// How a call ended for its client.
    enum Ending: Sendable, Hashable {
        /// With its own result.
        case own
        /// With the one error that says that nobody knows whether it ran.
        case unknown
        /// With the word that it did not run: a status, or the reason in an answer that had begun.
        case refused(String)
        /// With another status than that.
        case failed(Int)
        /// Without an answer, and without an id to ask for the rest of it.
        case cut(String)
        /// With anything else: another call's result, two results, another error.
        case foreign(String)
    }

    private struct State {
        var endings: [String: Ending] = [:]
        var successes = 0
        var sessions = 0
        var isOver = false
    }

    private let kind: Kind
    private let fleet: Fleet
    private let nodes: [Gateway]
    private let path: String
    private let state = Mutex(State())

    private init(_ kind: Kind, _ fleet: Fleet, _ nodes: [Gateway], _ path: String) {
        self.kind = kind
        self.fleet = fleet
        self.nodes = nodes
        self.path = path
    }

    /// Makes calls while `faults` runs, and returns the book when all of them have ended.
    /// - Parameter fleet: the servers of the upstream at `path`, of which nobody else must use the labels.
    static func during(
        _ kind: Kind, _ fleet: Fleet, at nodes: [Gateway], _ path: String = "/mcp", clients: Int = 6,
        _ faults: (CallLoad) async throws -> Void
    ) async throws -> CallBook {
        let load = CallLoad(kind, fleet, nodes, path)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for client in 0..<clients { group.addTask { await load.run(client) } }
            defer { load.state.withLock { $0.isOver = true } }
            try await faults(load)
            load.state.withLock { $0.isOver = true }
            try await group.waitForAll()
            let (endings, sessions) = load.state.withLock { ($0.endings, $0.sessions) }
            return try CallBook(endings, sessions: sessions, fleet)
        }
    }

    /// Waits until so many more calls have ended.
    func goesOn(_ count: Int) async throws { try await grows(count) { $0.endings.count } }

    /// Waits until so many more calls have their own result.
    func succeeds(_ count: Int) async throws { try await grows(count) { $0.successes } }

    private func grows(_ count: Int, _ total: (State) -> Int) async throws {
        let before = state.withLock { total($0) }
        try await until("\(count) more calls") { state.withLock { total($0) } >= before + count }
    }

    private func run(_ client: Int) async {
        var peer: Peer?
        var turn = client
        while !state.withLock({ $0.isOver }), !Task.isCancelled {
            turn += 1
            let node = nodes[turn % nodes.count]
            if kind == .sessions, peer == nil {
                peer = try? await Peer.open(node.endpoint(path))
                guard peer != nil else {
                    try? await Task.sleep(for: Deadline.pause)
                    continue
                }
                state.withLock { $0.sessions += 1 }
            }
            let call = LoadedCall()
            let ending: Ending
            if let peer {
                ending = await call.ending(in: peer, at: nodes, from: turn)
            } else {
                ending = await call.ending(at: node.endpoint(path))
            }
            state.withLock {
                $0.endings[call.label] = ending
                if ending == .own { $0.successes += 1 }
            }
            if ending == .refused("404") { peer = nil }
        }
    }
}
