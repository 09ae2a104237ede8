// A subscriber of a test: keeps what it hears.
import NIOCore
import Synchronization
import TransportAPI

final class PeerListenerProbe: EnvelopeReceiver {
    struct Seen: Sendable {
        var numbers: [Int] = []
        var senders: [MemberID] = []
        var bodies: [ByteBuffer] = []
        var errors: [TransportError.Code] = []
        /// Members whose messages may be missing.
        var gaps: [MemberID] = []
    }

    private let state = Mutex(Seen())
    private let subscription = Mutex<(any Subscription)?>(nil)

    var seen: Seen { state.withLock { $0 } }

    func hold(_ subscription: any Subscription) { self.subscription.withLock { $0 = subscription } }

    func received(_ envelope: Envelope, from sender: MemberID) {
        state.withLock {
            $0.numbers.append(envelope.header.getInteger(at: envelope.header.readerIndex, as: Int.self) ?? -1)
            $0.senders.append(sender)
            $0.bodies.append(envelope.body)
        }
    }

    func receivedAll() {}

    func missed(_ error: TransportError, from member: MemberID) { state.withLock { $0.gaps.append(member) } }

    func subscriptionEnded(_ error: TransportError) { state.withLock { $0.errors.append(error.code) } }
}

extension Envelope {
    /// An envelope with a number and a body of `size` bytes.
    static func numbered(_ number: Int, size: Int = 0) -> Envelope {
        Envelope(header: ByteBuffer(integer: number), body: ByteBuffer(repeating: 0x2E, count: size))
    }
}
