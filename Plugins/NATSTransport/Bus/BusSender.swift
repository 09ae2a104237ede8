// The one thread that sends for the bus: it numbers, seals and publishes, subscribes and unsubscribes. All that it owns
// belongs to it alone.
#if NATS
internal import CNATS
internal import Logging
internal import NIOCore
internal import SealedBox
internal import TransportAPI
internal import TransportKit

final class BusSender {
    /// What is subscribed to at the server.
    struct Heard {
        let inbox: PlaceInbox
        /// Nil while nobody listens.
        var library: LibrarySubscription?
    }

    /// How often quiet places are looked for.
    private static let tickEvery = TimeAmount.milliseconds(250)
    /// The least that a server must take as one message.
    static let payloadLeast = 4_096

    let options: NATSOptions
    let subjects: NATSSubjects
    let door: BusDoor
    let desk: ContactDesk
    let logger: Logger
    private let sealer: EnvelopeSealer
    private var sent: SentPlaces
    private var scratch = ByteBuffer()
    var heard: [Subject: Heard] = [:]
    var session: NATSSession?
    private var nextTick = NIODeadline.now()
    private var hasFailed = false

    /// - Throws: when OpenSSL has no AES-256-GCM.
    init(
        options: NATSOptions, subjects: NATSSubjects, door: BusDoor, desk: ContactDesk, logger: Logger
    ) throws(SealError) {
        self.options = options
        self.subjects = subjects
        self.door = door
        self.desk = desk
        self.logger = logger
        sealer = try EnvelopeSealer(member: subjects.own, secret: options.secrets.first ?? [0])
        sent = SentPlaces(subjects) { subjects.absence(of: $0) }
    }

    /// Works until it is told to close.
    func run() {
        while true {
            let (orders, posts) = door.take(until: nextTick)
            for order in orders {
                if case .close(let done) = order {
                    for post in posts { publish(post) }
                    return finish(done)
                }
                obey(order)
            }
            for post in posts { publish(post) }
            let now = NIODeadline.now()
            if now >= nextTick {
                nextTick = now + Self.tickEvery
                desk.endLateStart(now: now)
                if session != nil { for place in sent.takeQuiet(now: now) { mark(place, now: now) } }
            }
        }
    }

    private func obey(_ order: BusDoor.Order) {
        switch order {
        case .connected(let session): begin(session)
        case .disconnected(let session, let reason): end(session, reason)
        case .subscribe(let subscription, let promise): subscribe(subscription, promise)
        case .look(let subject): look(subject)
        case .ask(let member, let nonce, let inbox):
            let name = subjects.desk(of: member)
            send(.question(nonce: nonce, place: inbox.place), to: name, Array(name.utf8))
        case .answer(let member, let nonce, let place):
            let name = subjects.desk(of: member)
            let last = sent.last(at: place, now: .now())
            let answer = BrokerFrame.answer(nonce: nonce, place: place, number: last.number, age: last.age)
            send(answer, to: name, Array(name.utf8))
        case .overflowed:
            let error = TransportError(
                .interrupted, .unknown, "More arrived from the NATS server than this process could take.")
            for subject in heard.keys { drop(subject) }
            for inbox in heard.values.map(\.inbox) { inbox.end(error) }
        case .unheard(let receipt, let member): heard[.inbox(subjects.own)]?.inbox.unheard(receipt, by: member)
        case .close: break
        }
    }

    // MARK: Sending

    private func publish(_ post: OutgoingQueue.Post) {
        let room = max(1, (session?.payloadMax ?? Self.payloadLeast) - sealer.overhead)
        let count = max(1, (post.envelope.count + room - 1) / room)
        let (place, first) = sent.take(post.subject, pieces: count, now: .now())
        // What cannot be sent has its number all the same, so that receivers notice.
        guard session != nil else { return }
        for piece in EnvelopePieces(post.envelope, from: first, bytesMax: room) {
            let reply = piece.isLast ? place.reply.map { "\($0).\(post.envelope.receipt)" } : nil
            send(.piece(piece), to: place.name, place.place, reply: reply)
        }
    }

    private func mark(_ place: SentPlaces.Sent, now: NIODeadline) {
        send(.mark(number: place.number, age: max(.zero, now - place.sentAt)), to: place.name, place.place)
    }

    private func send(_ frame: BrokerFrame, to name: String, _ place: [UInt8], reply: String? = nil) {
        guard let session, sealer.seal(frame, for: place, into: &scratch) else { return }
        let status = scratch.withUnsafeReadableBytes { bytes in
            let count = Int32(clamping: bytes.count)
            return reply.map { natsConnection_PublishRequest(session.handle, name, $0, bytes.baseAddress, count) }
                ?? natsConnection_Publish(session.handle, name, bytes.baseAddress, count)
        }
        if status != NATS_OK, !hasFailed { logger.warning("NATS: cannot publish: \(LibraryText.last(status))") }
        hasFailed = status != NATS_OK
    }

    // MARK: Sessions

    private func begin(_ session: NATSSession) {
        self.session = session
        guard session.payloadMax >= Self.payloadLeast else {
            desk.fail("the server takes messages of \(session.payloadMax) bytes only (max_payload)")
            return
        }
        do throws(LibraryFailure) {
            try desk.open(session)
        } catch {
            return desk.fail(error.text)
        }
        // Asks itself, to see that both directions are allowed.
        let name = subjects.desk(of: subjects.own)
        send(.question(nonce: desk.probe, place: Array(name.utf8)), to: name, Array(name.utf8))
        for place in sent.takeDoubtful() { mark(place, now: .now()) }
    }

    private func end(_ session: NATSSession, _ reason: String) {
        guard self.session === session else { return }
        self.session = nil
        sent.connectionBroke(now: .now())
        let error = TransportError(
            .interrupted, .unknown, "The connection to the NATS server broke\(reason.isEmpty ? "" : ": " + reason).")
        for inbox in heard.values.map(\.inbox) { inbox.end(error) }
        for subject in heard.keys { drop(subject) }
    }

    /// Sends what is queued, tells everybody and ends.
    private func finish(_ done: () -> Void) {
        let deadline = NIODeadline.now() + .nanoseconds(options.closeWithin.nanoseconds / 2)
        while NIODeadline.now() < deadline {
            let (orders, posts) = door.take(until: .now())
            if orders.isEmpty, posts.isEmpty { break }
            for order in orders { refuse(order) }
            for post in posts { publish(post) }
        }
        if let session {
            let left = max(1, (deadline - .now()).nanoseconds / 1_000_000)
            natsConnection_FlushTimeout(session.handle, left)
        }
        for inbox in heard.values.map(\.inbox) { inbox.end(OutgoingQueue.closed) }
        for subject in heard.keys { drop(subject) }
        session = nil
        done()
        // Whoever came in between is told too.
        for order in door.take(until: .now()).orders { refuse(order) }
    }

    private func refuse(_ order: BusDoor.Order) {
        switch order {
        case .subscribe(_, let promise): promise.fail(OutgoingQueue.closed)
        case .connected(let session): self.session = session
        case .answer: obey(order)
        default: break
        }
    }
}

#endif
