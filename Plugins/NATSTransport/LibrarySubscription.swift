// A subscription at the server whose messages the library's threads hand over, one after the other.
#if NATS
internal import CNATS

/// Why a call of the library failed.
struct LibraryFailure: Error {
    let text: String
    let status: natsStatus

    init(_ what: String, _ status: natsStatus) {
        text = "\(what): \(LibraryText.last(status))"
        self.status = status
    }
}

final class LibrarySubscription: @unchecked Sendable {
    // `@unchecked`: the library locks what the handle stands for.
    private let handle: OpaquePointer

    /// What is called back. The library holds it until no message can follow.
    private final class Hearer {
        let hear: @Sendable (OpaquePointer) -> Void

        init(_ hear: @escaping @Sendable (OpaquePointer) -> Void) { self.hear = hear }
    }

    /// Messages, and bytes of them, that may wait in the library. Beyond, they are dropped and the session reports it.
    struct Room {
        var messages: Int
        var bytes: Int
    }

    /// Sends the wish to the server, which has not confirmed it when this returns.
    /// - Parameter hear: gets each message on a thread of the library, during the call only.
    init(
        to name: String, _ session: NATSSession, _ room: Room, hear: @escaping @Sendable (OpaquePointer) -> Void
    ) throws(LibraryFailure) {
        let hearer = Unmanaged.passRetained(Hearer(hear))
        var made: OpaquePointer?
        let status = natsConnection_Subscribe(
            &made, session.handle, name,
            { _, _, message, closure in
                defer { natsMsg_Destroy(message) }
                guard let message, let closure else { return }
                Unmanaged<Hearer>.fromOpaque(closure).takeUnretainedValue().hear(message)
            }, hearer.toOpaque())
        guard status == NATS_OK, let made else {
            hearer.release()
            throw LibraryFailure("cannot subscribe to \(name)", status)
        }
        handle = made
        // Only then can no message follow. If the library cannot call, the hearer stays for good.
        natsSubscription_SetOnCompleteCB(
            made, { closure in if let closure { Unmanaged<Hearer>.fromOpaque(closure).release() } },
            hearer.toOpaque())
        natsSubscription_SetPendingLimits(made, Int32(clamping: room.messages), Int32(clamping: room.bytes))
    }

    deinit {
        natsSubscription_Unsubscribe(handle)
        natsSubscription_Destroy(handle)
    }
}

#endif
