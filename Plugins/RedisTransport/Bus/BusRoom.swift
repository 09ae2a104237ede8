// What the bus owns on its loop: two connections that live and break together, one to publish (a pool would lose the
// order) and one to hear; the numbers of what was sent, and the places that are heard.
#if Redis
internal import Logging
internal import NIOCore
internal import SealedBox
internal import TransportAPI
internal import TransportKit

final class BusRoom {
    /// Posts that are taken at once.
    private static let batchMax = 64
    private static let batchBytesMax = 256 * 1024
    /// Messages that the server has not confirmed. Beyond: the rest waits in the queue.
    private static let unconfirmedMax = 8_192
    /// A refusal of what is published is logged so often.
    private static let reportEvery = TimeAmount.seconds(10)
    /// How often the server is asked whether it is the primary.
    private static let roleEvery = TimeAmount.seconds(2)
    /// How often places are looked at.
    private static let tickEvery = TimeAmount.milliseconds(100)

    /// Lets go of this room when it is closed.
    let bus: RedisBus
    let options: RedisOptions
    let logger: Logger
    let loop: any EventLoop
    private let sealer: EnvelopeSealer
    private let opener: EnvelopeOpener
    private var sent: SentPlaces
    private var scratch = ByteBuffer()
    private var link: RedisLink?
    var publishing: RedisChannel?
    var hearing: RedisChannel?
    private var unconfirmed = 0
    /// Messages to inboxes that the server has handed to nobody, until it is known what that means.
    var uncounted: [(receipt: UInt64, member: MemberID)] = []
    private var refusalToldAt: NIODeadline?
    private var roleAskedAt = NIODeadline.now()
    private var ticking: RepeatedTask?
    private let desk: String
    private let deskBytes: [UInt8]
    /// The nonce of the question to oneself.
    private let probe = SecureRandom.uint64()
    private var started: ((String?) -> Void)?
    private var isClosing = false
    /// Subjects that were subscribed to, and what stands for them.
    var heard: [Subject: Heard] = [:]
    /// The same by the names of channels.
    var inboxes: [ByteBuffer: PlaceInbox] = [:]

    /// - Throws: when OpenSSL has no AES-256-GCM.
    init(_ bus: RedisBus, _ dial: RedisDial, _ options: RedisOptions, _ logger: Logger) throws(SealError) {
        self.bus = bus
        self.options = options
        self.logger = logger
        loop = bus.loop
        sealer = try EnvelopeSealer(member: bus.names.own, secret: options.secrets.first ?? [0])
        opener = EnvelopeOpener(secrets: options.secrets, sendersMax: options.sendersMax)
        sent = SentPlaces(bus.names)
        desk = bus.names.desk(of: bus.names.own)
        deskBytes = Array(desk.utf8)
        let name = bus.names.own.name
        link = RedisLink(
            dial, on: loop, roles: ["patchbay-\(name)-publish", "patchbay-\(name)-hear"], logger: logger
        ) { [weak self] event in
            switch event {
            case .connected(let channels): self?.begin(channels)
            case .disconnected(let error): self?.end(error)
            }
        }
    }

    // MARK: Life

    func start(_ started: @escaping (String?) -> Void) {
        self.started = started
        let bound = NIOLoopBound(self, eventLoop: loop)
        ticking = loop.scheduleRepeatedTask(initialDelay: Self.tickEvery, delay: Self.tickEvery) { _ in
            bound.value.tick()
        }
        link?.start { [weak self] problem in if let problem { self?.tellStart(problem) } }
        loop.assumeIsolated().scheduleTask(in: options.startWithin + options.subscribeTimeout) { [weak self] in
            guard let self, self.started != nil else { return }
            tellStart(
                "a message to itself did not come back: the server must let this user publish and subscribe to"
                    + " \(bus.names.prefix):*")
        }
    }

    func tellStart(_ problem: String?) { started.take()?(problem) }

    private func begin(_ channels: [RedisChannel]) {
        guard channels.count == 2 else { return }
        publishing = channels[0]
        hearing = channels[1]
        unconfirmed = 0
        channels[0].hasRoom = { [weak self] in self?.send() }
        channels[1].heard = { [weak self] name, message in self?.hear(message, at: name) }
        channels[1].heardAll = { [weak self] in self?.publishing?.flush() }
        let hearing = channels[1]
        ask(hearing, "SUBSCRIBE", desk) {}
        // Of a channel that nobody uses: to see that it is allowed. Valkey takes it from who has subscribed only.
        ask(hearing, "UNSUBSCRIBE", bus.names.join("unused")) { [weak self] in self?.open() }
        hearing.flush()
    }

    /// What the bus cannot do without.
    private func ask(_ hearing: RedisChannel, _ verb: StaticString, _ name: String, _ done: @escaping () -> Void) {
        hearing.send(RESPCommand(verb, with: [name])) { [weak self, weak hearing] result in
            guard let self, let hearing, hearing === self.hearing, case .success(let value) = result else { return }
            guard case .error(let text) = value else { return done() }
            let error = RedisFailure.error(text, "cannot \(verb) \(name)")
            tellStart(error.message)
            hearing.close(error)
        }
    }

    /// Both directions are there. Asks itself, to see that both are allowed.
    private func open() {
        publish(.question(nonce: probe, place: deskBytes), to: desk, deskBytes)
        bus.noteConnected(true)
        for place in sent.takeDoubtful() { mark(place, now: .now()) }
        send()
    }

    private func end(_ error: TransportError) {
        bus.noteConnected(false)
        publishing = nil
        hearing = nil
        uncounted = []
        drop()
        sent.connectionBroke(now: .now())
        endAll(error)
    }

    /// Sends what is queued and waits for the server to have it, within the time of closing.
    func close(_ done: @escaping () -> Void) {
        guard !isClosing else { return done() }
        isClosing = true
        tellStart("the transport was closed")
        send()
        var waiting: (() -> Void)? = done
        let finish = { [self] in
            guard let done = waiting.take() else { return }
            ticking?.cancel()
            link?.close(OutgoingQueue.closed)
            (publishing, hearing) = (nil, nil)
            endAll(OutgoingQueue.closed)
            done()
        }
        loop.assumeIsolated().scheduleTask(in: options.closeWithin, finish)
        guard let publishing else { return finish() }
        drain(publishing, finish)
    }

    /// Until nothing is queued; then the answer to a last command says that all was read.
    private func drain(_ publishing: RedisChannel, _ finish: @escaping () -> Void) {
        publishing.send(RESPCommand("PING", count: 0)) { [weak self] result in
            guard let self, publishing.isOpen, case .success = result else { return finish() }
            send()
            if bus.isEmpty, unconfirmed == 0 { finish() } else { drain(publishing, finish) }
        }
        publishing.flush()
    }

    func crash() {
        link?.close(OutgoingQueue.closed)
        ticking?.cancel()
        (publishing, hearing) = (nil, nil)
        bus.noteConnected(false)
    }

    // MARK: Sending

    /// Sends what is queued and has room.
    func send() {
        while let publishing, publishing.isWritable, unconfirmed < Self.unconfirmedMax {
            let posts = bus.take(atMost: Self.batchMax, bytes: Self.batchBytesMax)
            if posts.isEmpty { break }
            for post in posts { publish(post) }
            // TLS takes everything until it is flushed.
            publishing.flush()
        }
        publishing?.flush()
    }

    /// What waited for a connection that is gone is not sent by the next one: nobody waits for it any more. It has its
    /// numbers all the same, so that receivers notice.
    private func drop() {
        while case let posts = bus.take(atMost: Self.batchMax, bytes: .max), !posts.isEmpty {
            for post in posts { _ = number(post) }
        }
    }

    private func number(_ post: OutgoingQueue.Post) -> (place: SentPlaces.Sent, first: UInt64) {
        let room = options.pieceBytesMax
        return sent.take(post.subject, pieces: max(1, (post.envelope.count + room - 1) / room), now: .now())
    }

    private func publish(_ post: OutgoingQueue.Post) {
        let (place, first) = number(post)
        var addressee: MemberID?
        if case .inbox(let member) = post.subject { addressee = member }
        for piece in EnvelopePieces(post.envelope, from: first, bytesMax: options.pieceBytesMax) {
            let (member, receipt) = (piece.isLast ? addressee : nil, post.envelope.receipt)
            publish(.piece(piece), to: place.name, place.place) { [weak self] isHeard in
                if let member, !isHeard { self?.noteUncounted(receipt, member) }
            }
        }
    }

    private func mark(_ place: SentPlaces.Sent, now: NIODeadline) {
        publish(.mark(number: place.number, age: max(.zero, now - place.sentAt)), to: place.name, place.place)
    }

    /// Writes a message without flushing.
    /// - Parameter confirmed: whether somebody hears it. Not called when that is not known.
    private func publish(
        _ frame: BrokerFrame, to name: String, _ place: [UInt8], _ confirmed: @escaping (Bool) -> Void = { _ in }
    ) {
        guard let publishing, sealer.seal(frame, for: place, into: &scratch) else { return }
        var command = RESPCommand("PUBLISH", count: 2, reserving: scratch.readableBytes + name.utf8.count)
        command.add(name)
        command.add(scratch)
        unconfirmed += 1
        publishing.send(command) { [weak self, weak publishing] result in
            guard let self, let publishing, publishing === self.publishing else { return }
            unconfirmed -= 1
            switch result {
            case .success(.integer(let count)): confirmed(count > 0)
            case .success(let answer): refused(answer, name)
            case .failure: return
            }
            if unconfirmed == Self.unconfirmedMax / 2 { send() }
        }
    }

    private func refused(_ answer: RESPValue, _ name: String) {
        guard case .error(let text) = answer else { return }
        if let told = refusalToldAt, .now() - told < Self.reportEvery { return }
        refusalToldAt = .now()
        logger.error("\(RedisFailure.error(text, "cannot publish to \(name)").message)")
    }

    // MARK: Questions

    func ask(_ member: MemberID, nonce: UInt64, at place: [UInt8]) {
        let name = bus.names.desk(of: member)
        publish(.question(nonce: nonce, place: place), to: name, Array(name.utf8))
        publishing?.flush()
    }

    private func hear(_ message: ByteBuffer, at name: ByteBuffer) {
        message.withUnsafeReadableBytes { bytes in
            if let inbox = inboxes[name] { return inbox.arrived(bytes) }
            guard name.readableBytesView.elementsEqual(deskBytes),
                let (sender, frame) = opener.open(bytes, at: deskBytes)
            else { return }
            bus.heard(sender)
            answer(frame, sender)
        }
    }

    private func answer(_ frame: BrokerFrame, _ sender: MemberID) {
        switch frame {
        case .question(let nonce, let place):
            let name = bus.names.desk(of: sender)
            let last = sent.last(at: place, now: .now())
            publish(
                .answer(nonce: nonce, place: place, number: last.number, age: last.age), to: name, Array(name.utf8))
        case .answer(let nonce, let place, let number, let age):
            if nonce == probe, sender == bus.names.own {
                link?.worked()
                return tellStart(nil)
            }
            inboxes[ByteBuffer(bytes: place)]?.answered(nonce: nonce, number: number, age: age, from: sender)
        case .piece, .mark: break
        }
    }

    private func tick() {
        let now = NIODeadline.now()
        for inbox in inboxes.values { inbox.tick() }
        guard publishing != nil else { return }
        if now - roleAskedAt >= Self.roleEvery {
            roleAskedAt = now
            askRole()
        }
        for place in sent.takeQuiet(now: now) { mark(place, now: now) }
        publishing?.flush()
    }
}

@available(*, unavailable)
extension BusRoom: Sendable {}
#endif
