// One subject that this member hears: what arrives is opened and put in order where it arrives, and goes to every
// subscription of this process.
public import NIOCore
internal import SealedBox
internal import Synchronization
public import TransportAPI

/// What an inbox needs of the bus that it belongs to. Called on any thread, never with a lock held.
public protocol PlaceKeeper: AnyObject, Sendable {
    /// Something authentic came of that member.
    func heard(_ member: MemberID)
    /// Ask that member for its last number at the inbox's place.
    func ask(_ member: MemberID, nonce: UInt64, for inbox: PlaceInbox)
    /// All its subscriptions have ended.
    func isSilent(_ subject: Subject)
}

/// The receiving side of one subject. Its calls are safe on any thread; what arrives has to come from one at a time.
public final class PlaceInbox: Sendable {
    private struct State {
        let opener: EnvelopeOpener
        var arrivals: PlaceArrivals
        var subscriptions: [QueuedSubscription] = []
        /// Messages that no member had sealed for this place.
        var refused: UInt64 = 0
        var isContacting = false
    }

    /// As it stands at the broker and in seals.
    public let name: String
    public let place: [UInt8]
    public let subject: Subject
    private let keeper: any PlaceKeeper
    private let state: Mutex<State>

    public init(
        _ subject: Subject, _ names: PlaceNames, secrets: [[UInt8]], limits: ArrivalLimits, keeper: any PlaceKeeper
    ) {
        self.subject = subject
        self.keeper = keeper
        name = names.name(subject)
        place = Array(name.utf8)
        state = Mutex(
            State(
                opener: EnvelopeOpener(secrets: secrets, sendersMax: limits.sendersMax),
                arrivals: PlaceArrivals(
                    limits: limits, isInbox: subject == .inbox(names.own), makeNonce: SecureRandom.uint64)))
    }

    // MARK: Subscriptions

    /// Lets go of subscriptions that have ended.
    /// - Returns: whether none is left.
    public func prune() -> Bool {
        state.withLock { state in
            state.subscriptions.removeAll { $0.hasEnded }
            return state.subscriptions.isEmpty
        }
    }

    /// Tells every subscription of this member's own inbox.
    public func unheard(_ receipt: UInt64, by member: MemberID) {
        for subscription in state.withLock({ $0.subscriptions }) { subscription.unheard(receipt, by: member) }
    }

    public func add(_ subscription: QueuedSubscription) {
        state.withLock { state in
            if state.subscriptions.isEmpty { state.arrivals.begin(now: .now()) }
            state.subscriptions.append(subscription)
        }
    }

    /// Ends all of them, and says why.
    public func end(_ error: TransportError) {
        let ended = state.withLock { state in
            defer { state.subscriptions = [] }
            return state.subscriptions
        }
        for subscription in ended { subscription.fail(error) }
    }

    // MARK: Arrivals

    /// A message, as it came.
    public func arrived(_ bytes: UnsafeRawBufferPointer) {
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

    public func answered(nonce: UInt64, number: UInt64, age: TimeAmount, from sender: MemberID) {
        work { state, handle in
            state.arrivals.answer(nonce: nonce, number: number, age: age, from: sender, now: .now(), handle)
            return sender
        }
    }

    /// Looks at senders that were asked. A few times a second.
    public func tick() {
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
        if let heard { keeper.heard(heard) }
        for (sender, nonce) in asked { keeper.ask(sender, nonce: nonce, for: self) }
        guard let lost else { return }
        let error = TransportError(.interrupted, .unknown, "A gap on \(subject.text): \(lost).")
        for subscription in ended { subscription.fail(error) }
        keeper.isSilent(subject)
    }
}

