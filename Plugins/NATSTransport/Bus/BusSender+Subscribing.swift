// How the sending thread subscribes: one subscription at the server for each subject, whatever their number here.
#if NATS
internal import CNATS
internal import NIOCore
internal import TransportAPI
internal import TransportKit

extension BusSender {
    func subscribe(_ subscription: QueuedSubscription, _ promise: EventLoopPromise<any Subscription>) {
        do throws(TransportError) {
            let inbox = try hear(subscription.subject)
            inbox.add(subscription)
            promise.succeed(subscription)
            // Behind the completion on the same loop.
            subscription.open()
        } catch {
            promise.fail(error)
        }
    }

    /// The inbox of a subject that the server has confirmed.
    private func hear(_ subject: Subject) throws(TransportError) -> PlaceInbox {
        guard let session else {
            throw TransportError(.interrupted, .notDelivered, "There is no connection to the NATS server.")
        }
        if heard[subject] == nil { try makeRoom() }
        let inbox = heard[subject]?.inbox
            ?? PlaceInbox(
                subject, subjects, secrets: options.secrets, limits: options.arrivalLimits, keeper: door)
        if heard[subject]?.library != nil { return inbox }
        heard[subject] = Heard(inbox: inbox)
        do throws(LibraryFailure) {
            let library = try LibrarySubscription(to: inbox.name, session, room) { message in
                guard let start = natsMsg_GetData(message) else { return }
                inbox.arrived(UnsafeRawBufferPointer(start: start, count: Int(natsMsg_GetDataLength(message))))
            }
            try confirm(session)
            if session.lastError.contains("\"\(inbox.name)\"") { throw LibraryFailure("", NATS_NOT_PERMITTED) }
            heard[subject] = Heard(inbox: inbox, library: library)
        } catch {
            throw failure(error, inbox)
        }
        desk.watch(heard.values.map(\.inbox))
        return inbox
    }

    private var room: LibrarySubscription.Room {
        LibrarySubscription.Room(messages: options.arrivalsMax, bytes: options.arrivalBytesMax)
    }

    /// Returns when the server has done everything that it was told before.
    private func confirm(_ session: NATSSession) throws(LibraryFailure) {
        let limit = max(1, options.subscribeTimeout.nanoseconds / 1_000_000)
        let status = natsConnection_FlushTimeout(session.handle, limit)
        if status != NATS_OK { throw LibraryFailure("the server does not answer", status) }
    }

    private func failure(_ failure: LibraryFailure, _ inbox: PlaceInbox) -> TransportError {
        switch failure.status {
        case NATS_TIMEOUT:
            TransportError(.timedOut, .unknown, "The NATS server did not confirm \(inbox.subject.text) in time.")
        case NATS_NOT_PERMITTED:
            TransportError(
                .unreachable, .notDelivered,
                "The NATS server does not let this user subscribe to \(inbox.name): give it permission for"
                    + " \(subjects.prefix).>")
        default:
            TransportError(
                .interrupted, .unknown, "Subscribing to \(inbox.subject.text) failed: \(failure.text).")
        }
    }

    /// Ends a subscription at the server that nobody here needs.
    func look(_ subject: Subject) {
        if heard[subject]?.inbox.prune() == true { drop(subject) }
    }

    /// The numbers stay, so that what came before is not taken for new.
    func drop(_ subject: Subject) { heard[subject]?.library = nil }

    private func makeRoom() throws(TransportError) {
        guard heard.count >= options.subjectsMax else { return }
        // The own inbox stays: what comes there with number 1 is taken for new.
        let own = Subject.inbox(subjects.own)
        guard let idle = heard.first(where: { $0.value.library == nil && $0.key != own })?.key else {
            throw TransportError(
                .overloaded, .notDelivered, "More than \(options.subjectsMax) subjects are subscribed to.")
        }
        heard[idle] = nil
    }
}

#endif
