// Receivers that do something unusual while they receive.
import NIOCore
import Synchronization
import TransportAPI

/// Remembers where the bytes were.
final class AddressReceiver: EnvelopeReceiver {
    let address = Mutex<UInt>(0)

    func received(_ envelope: Envelope, from sender: MemberID) {
        let seen = envelope.body.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
        address.withLock { $0 = seen }
    }
    func receivedAll() {}
    func missed(_ error: TransportError, from member: MemberID) {}
    func subscriptionEnded(_ error: TransportError) {}
}

/// Ends its subscription with the second envelope.
final class Quitter: EnvelopeReceiver {
    let subscription = Mutex<(any Subscription)?>(nil)
    let heard = Mutex<[String]>([])

    func received(_ envelope: Envelope, from sender: MemberID) {
        let count = heard.withLock {
            $0.append(String(buffer: envelope.body))
            return $0.count
        }
        if count == 2 { subscription.withLock { $0.take() }?.end() }
    }
    func receivedAll() { heard.withLock { $0.append("all") } }
    func missed(_ error: TransportError, from member: MemberID) { heard.withLock { $0.append("missed") } }
    func subscriptionEnded(_ error: TransportError) { heard.withLock { $0.append("ended") } }
}

/// Publishes again what it hears.
final class Echo: EnvelopeReceiver {
    let heard = Mutex(0)
    private let bus: any MessageBus
    private let subject: Subject
    private let rounds: Int

    init(bus: any MessageBus, subject: Subject, rounds: Int) {
        self.bus = bus
        self.subject = subject
        self.rounds = rounds
    }

    func received(_ envelope: Envelope, from sender: MemberID) {
        let count = heard.withLock {
            $0 += 1
            return $0
        }
        if count <= rounds { try? bus.publish(envelope, to: subject) }
    }
    func receivedAll() {}
    func missed(_ error: TransportError, from member: MemberID) {}
    func subscriptionEnded(_ error: TransportError) {}
}
