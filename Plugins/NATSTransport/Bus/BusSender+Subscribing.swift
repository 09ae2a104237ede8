// How the sending thread subscribes: one subscription at the server for each subject, whatever their number here.
#if NATS
internal import CNATS
internal import NIOCore
internal import TransportAPI
internal import TransportKit

extension BusSender {
    func subscribe(_ subscription: BrokerSubscription, _ promise: EventLoopPromise<any Subscription>) {
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
                subject, name: subjects.name(subject), own: subjects.own, options: options, door: door)
        if heard[subject]?.library != nil { return inbox }
        heard[subject] = Heard(inbox: inbox)
        var library: OpaquePointer?
        var status = Self.subscribe(inbox, session, &library)
        guard status == NATS_OK, let library else { throw failure(status, inbox) }
        status = natsSubscription_SetPendingLimits(
            library, Int32(clamping: options.arrivalsMax), Int32(clamping: options.arrivalBytesMax))
        if status == NATS_OK {
            status = natsConnection_FlushTimeout(
                session.handle, max(1, options.subscribeTimeout.nanoseconds / 1_000_000))
        }
        guard status == NATS_OK, !session.lastError.contains("\"\(inbox.name)\"") else {
            Self.unsubscribe(library)
            throw failure(status, inbox)
        }
        heard[subject] = Heard(inbox: inbox, library: library)
        desk.watch(heard.values.map(\.inbox))
        return inbox
    }

    private func failure(_ status: natsStatus, _ inbox: PlaceInbox) -> TransportError {
        switch status {
        case NATS_TIMEOUT:
            TransportError(.timedOut, .unknown, "The NATS server did not confirm \(inbox.subject.text) in time.")
        case NATS_OK:
            TransportError(
                .unreachable, .notDelivered,
                "The NATS server does not let this user subscribe to \(inbox.name): give it permission for"
                    + " \(subjects.prefix).>")
        default:
            TransportError(
                .interrupted, .unknown,
                "Subscribing to \(inbox.subject.text) failed: \(LibraryText.last(status)).")
        }
    }

    private static func subscribe(
        _ inbox: PlaceInbox, _ session: NATSSession, _ library: inout OpaquePointer?
    ) -> natsStatus {
        let closure = Unmanaged.passRetained(inbox)
        let status = natsConnection_Subscribe(
            &library, session.handle, inbox.name,
            { _, _, message, closure in
                defer { natsMsg_Destroy(message) }
                guard let message, let closure, let start = natsMsg_GetData(message) else { return }
                let count = Int(natsMsg_GetDataLength(message))
                Unmanaged<PlaceInbox>.fromOpaque(closure).takeUnretainedValue()
                    .arrived(UnsafeRawBufferPointer(start: start, count: count))
            }, closure.toOpaque())
        guard status == NATS_OK, let library else {
            closure.release()
            return status == NATS_OK ? NATS_ERR : status
        }
        // The only place after which no callback can follow.
        let isWatched = natsSubscription_SetOnCompleteCB(
            library, { closure in if let closure { Unmanaged<PlaceInbox>.fromOpaque(closure).release() } },
            closure.toOpaque())
        return isWatched
    }

    private static func unsubscribe(_ library: OpaquePointer) {
        natsSubscription_Unsubscribe(library)
        natsSubscription_Destroy(library)
    }

    /// Ends a subscription at the server that nobody here needs.
    func look(_ subject: Subject) {
        if heard[subject]?.inbox.prune() == true { drop(subject) }
    }

    /// The numbers stay, so that what came before is not taken for new.
    func drop(_ subject: Subject) {
        guard let library = heard[subject]?.library else { return }
        heard[subject]?.library = nil
        Self.unsubscribe(library)
    }

    private func makeRoom() throws(TransportError) {
        guard heard.count >= options.subjectsMax else { return }
        guard let idle = heard.first(where: { $0.value.library == nil })?.key else {
            throw TransportError(
                .overloaded, .notDelivered, "More than \(options.subjectsMax) subjects are subscribed to.")
        }
        heard[idle] = nil
    }
}

#endif
