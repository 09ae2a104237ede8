// A bus for tests: everything that is published waits in one queue until the test delivers it. Faults are drawn from a
// seed.
import NIOCore
import TransportAPI

@testable import TransportKit

/// What goes wrong on the way, as probabilities per envelope.
struct Faults {
    var loss = 0.0
    var repetition = 0.0
    /// Of being held up for up to `delayMax` while others pass.
    var delay = 0.0
    var delayMax: TimeAmount = .zero
    /// Of a publish being refused with `.overloaded`.
    var refusal = 0.0
}

/// Connects the desks of several members. One thread.
final class Net {
    struct Delivery {
        var time: NIODeadline
        var number: Int
        var envelope: Envelope
        var sender: MemberID
        var target: MemberID
    }

    var faults = Faults()
    private(set) var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// Everything that was published, in order.
    private(set) var published: [Delivery] = []
    var recordsAll = true
    /// Looked at before delivery; false drops it.
    var filter: (Delivery) -> Bool = { _ in true }
    private var waiting: [Delivery] = []
    private var desks: [(member: MemberID, desk: RelayDesk)] = []
    private var numbers: SeededNumbers
    private var count = 0

    init(seed: UInt64 = 1) { numbers = SeededNumbers(seed: seed) }

    /// The desks of one member are added in the order of their loops.
    func add(_ desk: RelayDesk, of member: MemberID) { desks.append((member, desk)) }

    func chance(_ probability: Double) -> Bool {
        probability > 0 && Double.random(in: 0..<1, using: &numbers) < probability
    }

    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &numbers) }

    func publish(_ envelope: Envelope, from sender: MemberID, to target: MemberID) throws(TransportError) {
        if chance(faults.refusal) { throw TransportError(.overloaded, .notDelivered, "the queue is full") }
        let copies = chance(faults.loss) ? 0 : chance(faults.repetition) ? 2 : 1
        for copy in 0..<max(1, copies) {
            var time = now
            if chance(faults.delay) {
                time = time + .nanoseconds(Int64.random(in: 0...faults.delayMax.nanoseconds, using: &numbers))
            }
            count += 1
            let delivery = Delivery(time: time, number: count, envelope: envelope, sender: sender, target: target)
            if recordsAll, copy == 0 { published.append(delivery) }
            if copies > 0 { waiting.append(delivery) }
        }
    }

    /// Delivers what is due, until nothing is.
    func run() {
        while true {
            let due = waiting.filter { $0.time <= now }.sorted { ($0.time, $0.number) < ($1.time, $1.number) }
            waiting.removeAll { $0.time <= now }
            for delivery in due where filter(delivery) { deliver(delivery) }
            for (_, desk) in desks { desk.receivedAll() }
            if due.isEmpty { return }
        }
    }

    private func deliver(_ delivery: Delivery) {
        let loops = desks.filter { $0.member == delivery.target }
        guard let loop = RelayDesk.loop(of: delivery.envelope, loops: loops.count) else { return }
        loops[loop].desk.received(delivery.envelope, from: delivery.sender)
    }

    /// Lets time pass, in steps as an event loop would.
    func pass(_ amount: TimeAmount, step: TimeAmount = .milliseconds(250)) {
        let end = now + amount
        run()
        while now < end {
            now = min(end, now + step)
            for (_, desk) in desks { desk.tick(now: now) }
            run()
        }
    }

    /// The types of the frames from one member to another, in order.
    func frames(from sender: MemberID, to target: MemberID) -> [RelayFrame.FrameType] {
        published.filter { $0.sender == sender && $0.target == target }.compactMap { frame(of: $0)?.type }
    }

    func frame(of delivery: Delivery) -> RelayFrame? {
        var header = delivery.envelope.header
        return RelayFrame(readFrom: &header)
    }

    func forgetPublished() { published = [] }
}

/// A member's end of the net.
final class NetBus: MessageBus, @unchecked Sendable {
    let net: Net
    let member: MemberID
    var envelopeBytesMax: Int
    /// Thrown by the next publishes, one each; nil lets one pass.
    var failures: [TransportError?] = []
    /// Thrown by every publish.
    var failure: TransportError?

    init(_ net: Net, _ member: MemberID, envelopeBytesMax: Int = 256 * 1024) {
        self.net = net
        self.member = member
        self.envelopeBytesMax = envelopeBytesMax
    }

    func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        if let failure { throw failure }
        if !failures.isEmpty, let failure = failures.removeFirst() { throw failure }
        guard envelope.count <= envelopeBytesMax else {
            throw TransportError(.tooLarge, .notDelivered, "\(envelope.count) bytes")
        }
        guard case .inbox(let target) = subject else { return }
        try net.publish(envelope, from: member, to: target)
    }

    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription> {
        loop.makeFailedFuture(TransportError(.closed, .notDelivered, "the net hands envelopes to desks by itself"))
    }
}
