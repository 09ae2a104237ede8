// One connection as the library has it, from connected to gone. Whoever holds this may use the handle.
#if NATS
internal import CNATS
internal import Synchronization

final class NATSSession: @unchecked Sendable {
    // `@unchecked`: the library locks what the handle stands for.
    let handle: OpaquePointer
    /// Tells the sessions of this process apart.
    let number: UInt
    /// Bytes of one message, as the server has said.
    let payloadMax: Int

    init(handle: OpaquePointer, number: UInt) {
        self.handle = handle
        self.number = number
        payloadMax = Int(clamping: natsConnection_GetMaxPayload(handle))
    }

    deinit {
        natsConnection_Destroy(handle)
        SessionWatchers.remove(number)
    }

    /// The library's last error on this connection; empty if there was none.
    var lastError: String {
        var text: UnsafePointer<CChar>?
        _ = natsConnection_GetLastError(handle, &text)
        return text.map { String(cString: $0) } ?? ""
    }
}

/// Who is told what the library says of a session. It calls back with a number and not with an object, so that a call
/// that comes late finds nothing instead of something that is gone.
enum SessionWatchers {
    enum Notice: Sendable {
        case disconnected
        /// A subscription had no room for what arrived.
        case overflowed
        case failed(String)
    }

    private struct Table {
        var watchers: [UInt: @Sendable (UInt, Notice) -> Void] = [:]
        var last: UInt = 0
    }

    private static let table = Mutex(Table())

    static func add(_ watcher: @escaping @Sendable (UInt, Notice) -> Void) -> UInt {
        table.withLock { table in
            table.last &+= 1
            table.watchers[table.last] = watcher
            return table.last
        }
    }

    static func remove(_ number: UInt) { table.withLock { $0.watchers[number] = nil } }

    private static func tell(_ closure: UnsafeMutableRawPointer?, _ notice: Notice) {
        let number = UInt(bitPattern: closure)
        table.withLock { $0.watchers[number] }?(number, notice)
    }

    /// Registers the callbacks of a session to be.
    static func attach(_ number: UInt, to options: OpaquePointer) -> natsStatus {
        let closure = UnsafeMutableRawPointer(bitPattern: number)
        var status = natsOptions_SetDisconnectedCB(
            options, { _, closure in SessionWatchers.tell(closure, .disconnected) }, closure)
        if status == NATS_OK {
            status = natsOptions_SetClosedCB(
                options, { _, closure in SessionWatchers.tell(closure, .disconnected) }, closure)
        }
        if status == NATS_OK {
            status = natsOptions_SetErrorHandler(
                options,
                { connection, _, status, closure in
                    if status == NATS_SLOW_CONSUMER { SessionWatchers.tell(closure, .overflowed) }
                    var text: UnsafePointer<CChar>?
                    _ = natsConnection_GetLastError(connection, &text)
                    let detail = text.map { String(cString: $0) } ?? ""
                    SessionWatchers.tell(closure, .failed(detail.isEmpty ? LibraryText.of(status) : detail))
                }, closure)
        }
        return status
    }
}

/// What the library says for people.
enum LibraryText {
    static func of(_ status: natsStatus) -> String {
        natsStatus_GetText(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
    }

    /// With what it has noted about the last failure on this thread.
    static func last(_ status: natsStatus) -> String {
        var noted = NATS_OK
        let detail = nats_GetLastError(&noted).map { String(cString: $0) } ?? ""
        return detail.isEmpty || noted != status ? of(status) : "\(of(status)): \(detail)"
    }
}

#endif
