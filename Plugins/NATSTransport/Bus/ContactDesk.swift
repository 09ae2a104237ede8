// Where a member hears questions about its numbers, answers to its own, and the server's word that nobody hears an
// inbox. A thread of its own for each session, so that no backlog stands before it.
#if NATS
internal import CNATS
internal import Logging
internal import NIOCore
internal import SealedBox
internal import Synchronization
internal import TransportAPI
internal import TransportKit

final class ContactDesk: Sendable {
    private struct State {
        var inboxes: [[UInt8]: PlaceInbox] = [:]
        var started: (@Sendable (String?) -> Void)?
        var absences: LibrarySubscription?
    }

    /// How often places are looked at, in milliseconds.
    private static let tickEvery: Int64 = 50

    private static let absenceRoom = LibrarySubscription.Room(messages: 65_536, bytes: 16 * 1024 * 1024)

    /// The nonce of the question to oneself.
    let probe = SecureRandom.uint64()
    private let startDeadline: NIODeadline
    private let options: NATSOptions
    private let subjects: NATSSubjects
    private let door: BusDoor
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameter started: called once: with nil when a question to oneself was answered, or with what is wrong.
    init(
        options: NATSOptions, subjects: NATSSubjects, door: BusDoor, logger: Logger,
        started: @escaping @Sendable (String?) -> Void
    ) {
        self.options = options
        startDeadline = .now() + options.startWithin + options.subscribeTimeout
        self.subjects = subjects
        self.door = door
        self.logger = logger
        state = Mutex(State(started: started))
    }

    /// Places whose senders may be asked.
    func watch(_ inboxes: [PlaceInbox]) {
        state.withLock { state in
            state.inboxes = Dictionary(inboxes.map { ($0.place, $0) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// Ends all subscriptions, for when the sending thread hangs.
    func end(_ error: TransportError) {
        for inbox in state.withLock({ Array($0.inboxes.values) }) { inbox.end(error) }
    }

    /// The session is of no use.
    func fail(_ reason: String) {
        logger.error("NATS: \(reason)")
        tellStart(reason)
    }

    private func tellStart(_ problem: String?) { state.withLock { $0.started.take() }?(problem) }

    /// Subscribes, and hears until the session ends.
    func open(_ session: NATSSession) throws(LibraryFailure) {
        var library: OpaquePointer?
        let place = subjects.desk(of: subjects.own)
        let status = natsConnection_SubscribeSync(&library, session.handle, place)
        guard status == NATS_OK, let library else { throw LibraryFailure("cannot subscribe to \(place)", status) }
        do throws(LibraryFailure) {
            try openAbsences(session)
        } catch {
            natsSubscription_Destroy(library)
            throw error
        }
        nonisolated(unsafe) let subscription = library
        let isRunning = OwnThread.run {
            self.run(session, subscription)
            natsSubscription_Destroy(subscription)
        }
        guard isRunning else {
            natsSubscription_Destroy(library)
            throw LibraryFailure("the system has no thread left", NATS_NO_MEMORY)
        }
    }

    /// The server's word comes as a message that a waiting subscription turns into a mere status: this one calls back.
    private func openAbsences(_ session: NATSSession) throws(LibraryFailure) {
        let (subjects, door) = (subjects, door)
        let absences = try LibrarySubscription(to: subjects.absences, session, Self.absenceRoom) { message in
            guard natsMsg_IsNoResponders(message), let name = natsMsg_GetSubject(message) else { return }
            guard let (absentee, receipt) = subjects.absentee(String(cString: name)) else { return }
            door.noteAbsent(absentee)
            if receipt != 0 { door.order(.unheard(receipt, absentee)) }
        }
        state.withLock { $0.absences = absences }
    }

    private func run(_ session: NATSSession, _ library: OpaquePointer) {
        let opener = EnvelopeOpener(secrets: options.secrets, sendersMax: options.sendersMax)
        let place = Array(subjects.desk(of: subjects.own).utf8)
        let deadline = NIODeadline.now() + options.subscribeTimeout
        var nextTick = NIODeadline.now()
        while true {
            var message: OpaquePointer?
            let status = natsSubscription_NextMsg(&message, library, Self.tickEvery)
            if let message {
                hear(message, opener, place)
                natsMsg_Destroy(message)
            } else if status != NATS_TIMEOUT, status != NATS_SLOW_CONSUMER, status != NATS_NO_RESPONDERS {
                return
            }
            let now = NIODeadline.now()
            guard now >= nextTick else { continue }
            nextTick = now + .milliseconds(Self.tickEvery)
            for inbox in state.withLock({ Array($0.inboxes.values) }) { inbox.tick() }
            if now > deadline { tellStart(silence(session)) }
        }
    }

    /// Ends a start that takes too long, for example because sessions break again and again.
    func endLateStart(now: NIODeadline) {
        guard now > startDeadline else { return }
        tellStart("no server has accepted this member within \(options.startWithin.nanoseconds / 1_000_000_000) s")
    }

    private func silence(_ session: NATSSession) -> String {
        "a message to itself did not come back: the server must let this user publish and subscribe to"
            + " \(subjects.prefix).> \(session.lastError)"
    }

    private func hear(_ message: OpaquePointer, _ opener: EnvelopeOpener, _ place: [UInt8]) {
        guard let start = natsMsg_GetData(message) else { return }
        let bytes = UnsafeRawBufferPointer(start: start, count: Int(natsMsg_GetDataLength(message)))
        guard let (sender, frame) = opener.open(bytes, at: place) else { return }
        door.heard(sender)
        switch frame {
        case .question(let nonce, let asked): door.order(.answer(sender, nonce: nonce, place: asked))
        case .answer(let nonce, let asked, let number, let age):
            if nonce == probe, sender == subjects.own { return tellStart(nil) }
            state.withLock { $0.inboxes[asked] }?.answered(nonce: nonce, number: number, age: age, from: sender)
        case .piece, .mark: break
        }
    }
}

#endif
