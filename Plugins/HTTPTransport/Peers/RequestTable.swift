// Requests about records that were sent to other members and wait for their answers. Belongs to the cluster's loop.
internal import NIOCore

final class RequestTable {
    /// Why there is no answer.
    enum Failure: Error {
        /// It was not sent.
        case noLink, overloaded
        /// Unknown whether it was done.
        case timedOut, interrupted
    }

    typealias Completion = (Result<DirectoryReply, Failure>) -> Void

    private struct Pending {
        let link: PeerLink
        let timer: Scheduled<Void>
        let completion: Completion
    }

    private let loop: any EventLoop
    private let most: Int
    private var pending: [UInt64: Pending] = [:]
    private var last: UInt64 = 0

    init(loop: any EventLoop, most: Int) {
        self.loop = loop
        self.most = most
    }

    /// - Parameter completion: called exactly once, and not within this call.
    func send(
        _ request: DirectoryRequest, on link: PeerLink?, within limit: TimeAmount, _ completion: @escaping Completion
    ) {
        guard let outbox = link?.outbox, let link else { return later(.noLink, completion) }
        guard pending.count < most else { return later(.overloaded, completion) }
        last &+= 1
        let id = last
        switch outbox.offer(.request(id, request)) {
        case .full: return later(.overloaded, completion)
        case .closed: return later(.noLink, completion)
        case .queued: break
        }
        let timer = loop.assumeIsolated().scheduleTask(in: limit) { [weak self] in
            guard let waiting = self?.pending.removeValue(forKey: id) else { return }
            waiting.completion(.failure(.timedOut))
        }
        pending[id] = Pending(link: link, timer: timer, completion: completion)
    }

    private func later(_ failure: Failure, _ completion: @escaping Completion) {
        loop.assumeIsolated().execute { completion(.failure(failure)) }
    }

    /// An answer that nobody waits for any more is dropped.
    func answered(_ id: UInt64, _ reply: DirectoryReply, on link: PeerLink) {
        guard let waiting = pending[id], waiting.link === link else { return }
        pending[id] = nil
        waiting.timer.cancel()
        waiting.completion(.success(reply))
    }

    func linkEnded(_ link: PeerLink) {
        for (id, waiting) in pending where waiting.link === link {
            pending[id] = nil
            waiting.timer.cancel()
            waiting.completion(.failure(.interrupted))
        }
    }
}
