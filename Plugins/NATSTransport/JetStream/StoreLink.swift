// The store's own connection to the server, apart from the bus: a long log does not hold up envelopes, and what waits for
// an answer fails at once when the connection breaks.
#if NATS
internal import CNATS
internal import NIOCore
internal import TransportAPI

/// Makes and ends one connection for JetStream.
struct StoreLink: @unchecked Sendable {
    // `@unchecked`: the library's objects lock themselves.
    private let connection: OpaquePointer
    let jetStream: JetStream

    /// Connects; blocks until it is done or has failed.
    /// - Parameters:
    ///   - settings: addresses, identity, TLS and pauses, as the bus has them. Destroyed in any case.
    ///   - callTimeout: the most that one call takes; no write blocks longer.
    init(settings: OpaquePointer, callTimeout: TimeAmount) throws(TransportError) {
        defer { natsOptions_Destroy(settings) }
        let deadline = max(1, callTimeout.nanoseconds / 1_000_000)
        var connection: OpaquePointer?
        let steps: [() -> natsStatus] = [
            { natsOptions_SetFailRequestsOnDisconnect(settings, true) },
            { natsOptions_SetWriteDeadline(settings, deadline) },
            // A call that finds no connection says so; nothing is to be sent later.
            { natsOptions_SetReconnectBufSize(settings, 1) },
            { natsConnection_Connect(&connection, settings) },
        ]
        for step in steps {
            let status = step()
            guard status == NATS_OK else {
                let text = natsStatus_GetText(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
                throw TransportError(.unreachable, .notDelivered, "no connection to a NATS server: \(text)")
            }
        }
        guard let connection else {
            throw TransportError(.unreachable, .notDelivered, "no connection to a NATS server")
        }
        self.connection = connection
        do throws(JetStreamFailure) {
            jetStream = try JetStream(connection: connection)
        } catch {
            natsConnection_Destroy(connection)
            throw error.error("start")
        }
    }

    /// Ends calls that wait; they fail.
    func close() { natsConnection_Close(connection) }

    /// After the last call.
    func destroy() {
        jetStream.destroy()
        natsConnection_Destroy(connection)
    }
}
#endif

#if NATS
extension StoreLink {
    /// Settings for tests of the store alone.
    static func plainSettings(_ urls: [String]) throws(TransportError) -> OpaquePointer {
        var settings: OpaquePointer?
        _ = natsOptions_Create(&settings)
        if let url = urls.first { _ = natsOptions_SetURL(settings, url) }
        _ = natsOptions_SetMaxReconnect(settings, -1)
        _ = natsOptions_SetReconnectWait(settings, 100)
        guard let settings else { throw TransportError(.overloaded, .notDelivered, "no memory") }
        return settings
    }
}
#endif
