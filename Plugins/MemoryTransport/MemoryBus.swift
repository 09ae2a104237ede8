// The bus port of one member.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

final class MemoryBus: MessageBus {
    private let member: MemoryMember
    private let backend: MemoryBackend

    init(member: MemoryMember, backend: MemoryBackend) {
        self.member = member
        self.backend = backend
    }

    var envelopeBytesMax: Int { backend.limits.envelopeBytes }

    func publish(_ envelope: Envelope, to subject: Subject) throws(TransportError) {
        guard envelope.count <= envelopeBytesMax else {
            throw TransportError(
                .tooLarge, .notDelivered,
                "an envelope of \(envelope.count) bytes was not published: the limit is \(envelopeBytesMax)")
        }
        try backend.publish(envelope, to: subject, from: member)
    }

    func subscribe(
        to subject: Subject, capacity: SubscriptionCapacity, on loop: any EventLoop, _ receiver: any EnvelopeReceiver
    ) -> EventLoopFuture<any Subscription> {
        if case .inbox(let owner) = subject, owner != member.id, member.state == .running {
            return loop.makeFailedFuture(
                TransportError(.unreachable, .notDelivered, "\(member.id) may not hear the inbox of \(owner)"))
        }
        let subscription = MemorySubscription(
            to: subject, of: member, in: backend, capacity: capacity, on: loop, receiver)
        do throws(TransportError) {
            try backend.routes.withLock { (routes) throws(TransportError) in try routes.add(subscription) }
        } catch {
            return loop.makeFailedFuture(error)
        }
        return loop.makeSucceededFuture(subscription)
    }
}
