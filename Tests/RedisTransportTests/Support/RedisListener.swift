// A subscriber that writes down what it hears.
#if Redis
import NIOCore
import Synchronization
import TransportAPI

final class RedisListener: EnvelopeReceiver {
    private struct State {
        var envelopes: [Envelope] = []
        var errors: [TransportError] = []
        var subscription: (any Subscription)?
    }

    private let state = Mutex(State())

    var envelopes: [Envelope] { state.withLock { $0.envelopes } }
    var bodies: [ByteBuffer] { envelopes.map(\.body) }
    var texts: [String] { bodies.map { String(buffer: $0) } }
    var errors: [TransportError] { state.withLock { $0.errors } }

    func keep(_ subscription: any Subscription) { state.withLock { $0.subscription = subscription } }

    /// On the subscription's loop.
    func end() { state.withLock { $0.subscription.take() }?.end() }

    func received(_ envelope: Envelope, from sender: MemberID) { state.withLock { $0.envelopes.append(envelope) } }
    func receivedAll() {}
    /// This transport ends subscriptions instead.
    func missed(_ error: TransportError, from member: MemberID) { state.withLock { $0.errors.append(error) } }
    func subscriptionEnded(_ error: TransportError) { state.withLock { $0.errors.append(error) } }
}
#endif
