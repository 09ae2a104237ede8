// What arrives at one place from all its senders: nothing twice, nothing old, and no hole without a word. The broker in
// between may drop, delay and repeat. Pure: time comes in, and so do the nonces.
public import NIOCore
public import TransportAPI

/// The receiving side of one place, from subscription to subscription.
///
/// A sender numbers its pieces per place. One that is not known here could be a recording: it is asked for its last
/// number with a nonce, and what it sends is held until everything up to that number is here.
public struct PlaceArrivals {
    /// What the caller has to do.
    public enum Event {
        case envelope(Envelope, MemberID)
        /// Ask this sender, with ``BrokerFrame/question(nonce:place:)``.
        case ask(MemberID, nonce: UInt64)
        /// Something was missed: all subscriptions to the place have to end. Why, for people.
        case lost(String)
    }

    let limits: ArrivalLimits
    /// Senders begin with 1 here, because the place is as young as the receiver.
    private let isInbox: Bool
    private let makeNonce: () -> UInt64
    var senders: [MemberID: SenderArrivals] = [:]
    private var beganAt = NIODeadline.uptimeNanoseconds(0)
    private var arrivals: UInt64 = 0
    /// A sender was forgotten, so that an old 1 could come again.
    private var hasForgotten = false
    var heldCount = 0
    var heldBytes = 0
    private var partialBytes = 0
    /// Pieces that came before, for logs.
    public private(set) var repeated: UInt64 = 0

    /// - Parameter makeNonce: gives numbers that cannot be guessed.
    public init(limits: ArrivalLimits, isInbox: Bool, makeNonce: @escaping () -> UInt64) {
        self.limits = limits
        self.isInbox = isInbox
        self.makeNonce = makeNonce
    }

    /// The first subscription after none: whatever came in between was not meant for it.
    public mutating func begin(now: NIODeadline) {
        beganAt = now
        heldCount = 0
        heldBytes = 0
        partialBytes = 0
        for (member, sender) in senders {
            switch sender.phase {
            case .met(let last): senders[member] = SenderArrivals(.known(floor: last))
            case .known(let floor): senders[member] = SenderArrivals(.known(floor: floor))
            case .contact(let contact): senders[member] = contact.floor.map { SenderArrivals(.known(floor: $0)) }
            }
        }
    }

    // MARK: What arrives

    public mutating func piece(
        _ piece: BrokerPiece, from member: MemberID, now: NIODeadline, _ handle: (Event) -> Void
    ) {
        arrivals &+= 1
        guard var sender = senders.removeValue(forKey: member) else {
            makeRoom(handle)
            if isInbox, piece.number == 1, !hasForgotten {
                senders[member] = SenderArrivals(.met(last: 0))
                return self.piece(piece, from: member, now: now, handle)
            }
            return ask(member, floor: nil, holding: piece, now: now, handle)
        }
        sender.heardAt = arrivals
        switch sender.phase {
        case .met(let last):
            take(piece, after: last, of: member, &sender, handle)
            senders[member] = sender
        case .known(let floor):
            if piece.number > floor, piece.number - floor > 1 {
                return ask(member, floor: floor, holding: piece, now: now, handle)
            }
            take(piece, after: floor, of: member, &sender, handle)
            senders[member] = sender
        case .contact(var contact):
            // Lets go of the list, so that it is not copied for each piece.
            sender.phase = .known(floor: 0)
            hold(piece, of: member, &contact, handle)
            settle(member, sender, contact, handle)
        }
    }

    /// The sender says how far it is at this place.
    public mutating func mark(
        _ number: UInt64, age: TimeAmount, from member: MemberID, now: NIODeadline, _ handle: (Event) -> Void
    ) {
        arrivals &+= 1
        let missed = now - age > beganAt ? number : nil
        guard let sender = senders[member] else {
            makeRoom(handle)
            return ask(member, floor: nil, holding: nil, missedUpTo: missed, now: now, handle)
        }
        switch sender.phase {
        case .met(let last) where number > last:
            senders[member]?.phase = .known(floor: number)
            handle(.lost("envelopes \(last) to \(number) of \(member) did not arrive"))
        case .known(let floor) where number > floor:
            ask(member, floor: floor, holding: nil, missedUpTo: missed, now: now, handle)
        case .contact(var contact):
            guard let last = contact.lastHeld else {
                contact.missedUpTo = [contact.missedUpTo, missed].compactMap { $0 }.max()
                senders[member]?.phase = .contact(contact)
                return
            }
            guard number > last else { return }
            fail(member, contact, "envelopes of \(member) up to \(number) did not arrive", handle)
        default: break
        }
    }

    /// A sender has answered.
    public mutating func answer(
        nonce: UInt64, number: UInt64, age: TimeAmount, from member: MemberID, now: NIODeadline,
        _ handle: (Event) -> Void
    ) {
        guard let sender = senders[member], case .contact(var contact) = sender.phase, contact.nonce == nonce,
            contact.answer == nil
        else { return }
        contact.answer = (number, age)
        contact.deadline = now + limits.contactTimeout
        settle(member, sender, contact, handle)
    }

    /// Looks at what has waited too long. A few times a second.
    public mutating func tick(now: NIODeadline, _ handle: (Event) -> Void) {
        for (member, sender) in senders {
            guard case .contact(let contact) = sender.phase, contact.deadline <= now else { continue }
            guard contact.held.isEmpty else {
                fail(member, contact, "\(member) did not confirm what came in its name", handle)
                continue
            }
            guard let answer = contact.answer else {
                senders[member] = contact.floor.map { SenderArrivals(.known(floor: $0)) }
                continue
            }
            if contact.answerIsAfter(beganAt) {
                fail(member, contact, "envelopes of \(member) up to \(answer.number) did not arrive", handle)
                senders[member] = SenderArrivals(.known(floor: answer.number))
            } else {
                senders[member] = SenderArrivals(.met(last: max(answer.number, contact.floor ?? 0)))
            }
        }
    }

    /// Whether ``tick(now:_:)`` may have something to do.
    public var hasContacts: Bool {
        senders.values.contains { if case .contact = $0.phase { true } else { false } }
    }

    // MARK: Steps

    /// A piece of a sender that is met, or goes on where it was.
    private mutating func take(
        _ piece: BrokerPiece, after last: UInt64, of member: MemberID, _ sender: inout SenderArrivals,
        _ handle: (Event) -> Void
    ) {
        guard piece.number > last else {
            repeated &+= 1
            return
        }
        guard piece.number - last == 1 else {
            sender.phase = .known(floor: piece.number)
            return handle(.lost("envelopes between \(last) and \(piece.number) of \(member) did not arrive"))
        }
        sender.phase = .met(last: piece.number)
        partialBytes -= sender.joiner.bytes
        let outcome = sender.joiner.add(piece, bytesMax: limits.envelopeBytesMax)
        partialBytes += sender.joiner.bytes
        switch outcome {
        case .envelope(let envelope): handle(.envelope(envelope, member))
        case .partial:
            if partialBytes > limits.partialBytesMax {
                handle(.lost("more than \(limits.partialBytesMax) bytes of unfinished envelopes have arrived"))
            }
        case .garbled: handle(.lost("the pieces of an envelope of \(member) do not fit together"))
        }
    }

    private mutating func ask(
        _ member: MemberID, floor: UInt64?, holding piece: BrokerPiece?, missedUpTo: UInt64? = nil,
        now: NIODeadline, _ handle: (Event) -> Void
    ) {
        var contact = SenderArrivals.Contact(
            nonce: makeNonce(), askedAt: now, deadline: now + limits.contactTimeout, floor: floor)
        contact.isByMark = piece == nil
        contact.missedUpTo = missedUpTo
        if let piece { hold(piece, of: member, &contact, handle) }
        var sender = SenderArrivals(.contact(contact))
        sender.heardAt = arrivals
        senders[member] = sender
        handle(.ask(member, nonce: contact.nonce))
    }

    private mutating func hold(
        _ piece: BrokerPiece, of member: MemberID, _ contact: inout SenderArrivals.Contact, _ handle: (Event) -> Void
    ) {
        if let last = contact.lastHeld ?? contact.floor, piece.number <= last {
            repeated &+= 1
            return
        }
        if let last = contact.lastHeld, piece.number - last > 1 {
            drop(&contact)
            handle(.lost("envelopes between \(last) and \(piece.number) of \(member) did not arrive"))
        }
        contact.held.append(piece)
        contact.heldBytes += piece.count
        heldCount += 1
        heldBytes += piece.count
        if heldCount > limits.heldCountMax || heldBytes > limits.heldBytesMax {
            drop(&contact)
            handle(.lost("too much of senders that have not yet answered has arrived"))
        }
    }

    /// Delivers what was held if it is known to be whole.
    private mutating func settle(
        _ member: MemberID, _ sender: SenderArrivals, _ contact: SenderArrivals.Contact, _ handle: (Event) -> Void
    ) {
        if contact.isContradicted {
            return fail(member, contact, "\(member) denies what came in its name, or more did not arrive", handle)
        }
        if contact.hasMissed || contact.followsAnswer && contact.answerIsAfter(beganAt) {
            return fail(member, contact, "envelopes of \(member) did not arrive", handle)
        }
        var sender = sender
        guard contact.isComplete, let first = contact.held.first else {
            sender.phase = .contact(contact)
            senders[member] = sender
            return
        }
        var last = first.number &- 1
        heldCount -= contact.held.count
        heldBytes -= contact.heldBytes
        for piece in contact.held {
            take(piece, after: last, of: member, &sender, handle)
            last = piece.number
        }
        senders[member] = sender
    }

    private mutating func drop(_ contact: inout SenderArrivals.Contact) {
        heldCount -= contact.held.count
        heldBytes -= contact.heldBytes
        contact.held = []
        contact.heldBytes = 0
    }

    private mutating func fail(
        _ member: MemberID, _ contact: SenderArrivals.Contact, _ reason: String, _ handle: (Event) -> Void
    ) {
        var contact = contact
        drop(&contact)
        senders[member] = contact.floor.map { SenderArrivals(.known(floor: $0)) }
        handle(.lost(reason))
    }

    /// Forgets the sender that was silent longest, if there are too many.
    private mutating func makeRoom(_ handle: (Event) -> Void) {
        guard senders.count >= limits.sendersMax, let oldest = senders.min(by: { $0.value.heardAt < $1.value.heardAt })
        else { return }
        hasForgotten = true
        partialBytes -= oldest.value.joiner.bytes
        senders[oldest.key] = nil
        guard case .contact(var contact) = oldest.value.phase, !contact.held.isEmpty else { return }
        drop(&contact)
        handle(.lost("more than \(limits.sendersMax) senders have written"))
    }
}
