// What the gateway has to say to instances by itself: that a session is over, that nobody has answered a question. Each
// instance gets few at once and the others in turn, so that a burst neither floods it nor is lost.
internal import NIOCore
internal import TransportAPI

/// The messages of the gateway's own on one event loop.
final class OwnMessages {
    /// How long one may take once it is on its way.
    private static let patience = TimeAmount.seconds(5)

    /// One instance has one part in so many of the bound, so that one that does not answer leaves room for others.
    private static let share = 4

    typealias Completion = (Result<CheckExchange.Reply, TransportError>) -> Void

    private struct Message {
        let request: ExchangeRequest
        let then: Completion
    }

    private struct Place: Hashable {
        let upstream: Int
        let instance: Int
    }

    /// What one instance is told, in order.
    private struct Line {
        var running = 0
        var waiting = CircularBuffer<Message>()
    }

    private unowned let worker: Worker
    private let messagesMax: Int
    private let atOnce: Int
    private var lines: [Place: Line] = [:]
    private var running: [CheckExchange] = []
    private var isStarting = false
    /// Waiting and under way.
    private(set) var count = 0

    /// - Parameters:
    ///   - messagesMax: waiting and under way. Beyond: a message is not taken.
    ///   - atOnce: under way to one instance.
    init(worker: Worker, messagesMax: Int, atOnce: Int) {
        self.worker = worker
        self.messagesMax = messagesMax
        self.atOnce = atOnce
    }

    /// How many more are taken.
    var room: Int { max(0, messagesMax - count) }

    /// False at the bound: nothing will be sent.
    func send(
        _ request: ExchangeRequest, _ upstream: UpstreamGroup, _ instance: Instance, then: @escaping Completion
    ) -> Bool {
        let place = Place(upstream: upstream.index, instance: instance.index)
        let own = lines[place].map { $0.running + $0.waiting.count } ?? 0
        guard count < messagesMax, own < max(1, messagesMax / Self.share) else { return false }
        count += 1
        lines[place, default: Line()].waiting.append(Message(request: request, then: then))
        start(upstream, instance)
        return true
    }

    func tick(now: NIODeadline) {
        for exchange in running { exchange.tick(now: now) }
        running.removeAll(where: \.isOver)
    }

    /// A loop, not a recursion: an exchange may fail within the call that opens it.
    private func start(_ upstream: UpstreamGroup, _ instance: Instance) {
        guard !isStarting else { return }
        isStarting = true
        defer { isStarting = false }
        let place = Place(upstream: upstream.index, instance: instance.index)
        while let line = lines[place], line.running < atOnce, let next = lines[place]?.waiting.popFirst() {
            lines[place]?.running += 1
            let exchange = CheckExchange(deadline: worker.now + Self.patience) { [weak self] result in
                next.then(result)
                self?.ended(place, upstream, instance)
            }
            exchange.start(next.request, worker.lanes[upstream.index], instance)
            if !exchange.isOver { running.append(exchange) }
        }
        if let line = lines[place], line.running == 0, line.waiting.isEmpty { lines[place] = nil }
    }

    private func ended(_ place: Place, _ upstream: UpstreamGroup, _ instance: Instance) {
        count -= 1
        lines[place]?.running -= 1
        start(upstream, instance)
    }
}
