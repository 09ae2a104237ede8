// One subject that this member hears: what arrives is opened and put in order on the library's threads, and goes to
// every subscription of this process.
#if NATS
internal import CNATS
internal import NIOCore
internal import SealedBox
internal import Synchronization
internal import TransportAPI
internal import TransportKit

final class PlaceInbox: Sendable {
    private struct State {
        let opener: EnvelopeOpener
        var arrivals: PlaceArrivals
        var subscriptions: [QueuedSubscription] = []
        /// Messages that no member had sealed for this place.
        var refused: UInt64 = 0
        var isContacting = false
    }

    /// As it stands in NATS and in seals.
    let name: String
    let place: [UInt8]
    let subject: Subject
    private let door: BusDoor
    private let state: Mutex<State>

    init(_ subject: Subject, name: String, own: MemberID, options: NATSOptions, door: BusDoor) {
        self.subject = subject
        self.name = name
        self.door = door
        place = Array(name.utf8)
        let limits = ArrivalLimits(
            sendersMax: options.sendersMax, heldCountMax: options.heldCountMax, heldBytesMax: options.heldBytesMax,
            partialBytesMax: options.partialBytesMax, envelopeBytesMax: options.envelopeBytesMax,
            contactTimeout: options.contactTimeout)
        state = Mutex(
            State(
                opener: EnvelopeOpener(secrets: options.secrets, sendersMax: options.sendersMax),
                arrivals: PlaceArrivals(
                    limits: limits, isInbox: subject == .inbox(own), makeNonce: SecureRandom.uint64)))
    }

    // MARK: Subscriptions

    /// Lets go of subscriptions that have ended.
    /// - Returns: whether none is left.
    func prune() -> Bool {
        state.withLock { state in
            state.subscriptions.removeAll { $0.hasEnded }
            return state.subscriptions.isEmpty
        }
    }

    /// Tells every subscription of this member's own inbox.
    func unheard(_ receipt: UInt64, by member: MemberID) {
        for subscription in state.withLock({ $0.subscriptions }) { subscription.unheard(receipt, by: member) }
    }

    func add(_ subscription: QueuedSubscription) {
        state.withLock { state in
            if state.subscriptions.isEmpty { state.arrivals.begin(now: .now()) }
            state.subscriptions.append(subscription)
        }
    }

    /// Ends all of them, and says why.
    func end(_ error: TransportError) {
        let ended = state.withLock { state in
            defer { state.subscriptions = [] }
            return state.subscriptions
        }
        for subscription in ended { subscription.fail(error) }
    }

    // MARK: Arrivals

    /// A message, on a thread of the library.
    func arrived(_ bytes: UnsafeRawBufferPointer) {
        work { state, handle in
            guard let (sender, frame) = state.opener.open(bytes, at: place) else {
                state.refused &+= 1
                return nil
            }
            switch frame {
            case .piece(let piece): state.arrivals.piece(piece, from: sender, now: .now(), handle)
            case .mark(let number, let age):
                state.arrivals.mark(number, age: age, from: sender, now: .now(), handle)
            case .question, .answer: return nil
            }
            return sender
        }
    }

    func answered(nonce: UInt64, number: UInt64, age: TimeAmount, from sender: MemberID) {
        work { state, handle in
            state.arrivals.answer(nonce: nonce, number: number, age: age, from: sender, now: .now(), handle)
            return sender
        }
    }

    /// Looks at senders that were asked. A few times a second.
    func tick() {
        guard state.withLock({ $0.isContacting }) else { return }
        work { state, handle in
            state.arrivals.tick(now: .now(), handle)
            state.isContacting = state.arrivals.hasContacts
            return nil
        }
    }

    /// Does something with the arrivals, and what follows from it.
    private func work(_ body: (inout State, (PlaceArrivals.Event) -> Void) -> MemberID?) {
        var asked: [(MemberID, UInt64)] = []
        var lost: String?
        let (heard, ended) = state.withLock { state -> (MemberID?, [QueuedSubscription]) in
            let subscriptions = state.subscriptions
            guard !subscriptions.isEmpty else { return (nil, []) }
            let heard = body(&state) { event in
                switch event {
                case .envelope(let envelope, let sender):
                    if lost == nil { for subscription in subscriptions { subscription.offer(envelope, from: sender) } }
                case .ask(let sender, let nonce): asked.append((sender, nonce))
                case .lost(let reason): lost = lost ?? reason
                }
            }
            if !asked.isEmpty { state.isContacting = true }
            guard lost != nil else { return (heard, []) }
            state.subscriptions = []
            return (heard, subscriptions)
        }
        if let heard { door.noteHeard(heard) }
        for (sender, nonce) in asked { door.order(.ask(sender, nonce: nonce, self)) }
        guard let lost else { return }
        let error = TransportError(.interrupted, .unknown, "A gap on \(subject.text): \(lost).")
        for subscription in ended { subscription.fail(error) }
        door.order(.look(subject))
    }
}

#endif
