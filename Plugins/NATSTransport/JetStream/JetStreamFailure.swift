// Why a call of JetStream failed, and what that means for the caller of a port.
#if NATS
internal import CNATS
internal import TransportAPI

/// A call that did not succeed, by the library's status and the server's code.
struct JetStreamFailure: Error {
    enum Cause: Equatable {
        /// There was no connection: nothing was sent.
        case notConnected
        /// The deadline was over before anything was sent.
        case noTimeLeft
        /// As the library and the server say.
        case status
    }

    var cause = Cause.status
    /// Of the library.
    var status: natsStatus
    /// Of the server; 0 when it did not answer.
    var code: UInt32

    init(_ status: natsStatus, _ code: UInt32) {
        self.status = status
        self.code = code
    }

    private init(_ cause: Cause) {
        self.cause = cause
        status = NATS_OK
        code = 0
    }

    static let notConnected = JetStreamFailure(.notConnected)
    static let noTimeLeft = JetStreamFailure(.noTimeLeft)
    static let streamNotFound = JetStreamFailure(NATS_NOT_FOUND, JSStreamNotFoundErr.rawValue)

    /// There is no such stream, or nobody who would serve one. Nothing was stored.
    var isMissingStream: Bool {
        isUnserved || cause == .status && code == JSStreamNotFoundErr.rawValue
    }

    /// Nobody serves the subject. The library gives it a code as if the server had said that JetStream is off.
    var isUnserved: Bool { cause == .status && status == NATS_NO_RESPONDERS }

    /// JetStream is not switched on, for this server or for this user.
    var isSwitchedOff: Bool {
        cause == .status && (code == JSNotEnabledErr.rawValue || code == JSNotEnabledForAccountErr.rawValue)
    }

    /// Nobody has answered.
    var isSilence: Bool { cause == .status && status == NATS_TIMEOUT }

    /// Codes by which the server says that it has no room, and that nothing was stored: disk, memory, bytes, streams.
    private static let fullCodes: Set<UInt32> = [
        JSInsufficientResourcesErr.rawValue, JSMemoryResourcesExceededErr.rawValue,
        JSStorageResourcesExceededErr.rawValue, JSStreamStoreFailedErr.rawValue,
        JSMaximumStreamsLimitErr.rawValue,
    ]

    private static let accountIsFull: UInt32 = 10_002

    /// There is no room; also said while another makes the same stream.
    var isForWantOfRoom: Bool { cause == .status && Self.fullCodes.contains(code) }

    /// What the caller of a port is told.
    /// - Parameter call: what was tried, for people.
    func error(_ call: String) -> TransportError {
        switch cause {
        case .notConnected:
            return TransportError(.unreachable, .notDelivered, "\(call): there is no connection to a NATS server")
        case .noTimeLeft:
            return TransportError(.unreachable, .notDelivered, "\(call): the time for it was over before it began")
        case .status: break
        }
        if code != 0, !isUnserved {
            let isFull = Self.fullCodes.contains(code)
            let advice =
                isFull ? "; give the server room, and restart it if its disk was full, for it stays so" : ""
            // Servers may store first and find the account too full then.
            if code == Self.accountIsFull {
                return TransportError(
                    .overloaded, .unknown,
                    "\(call): the account at the NATS server has no room, JetStream error \(code); give Patchbay an"
                        + " account of its own, or more room")
            }
            return TransportError(
                isFull ? .overloaded : .unreachable, .notDelivered,
                "\(call): the NATS server refused it, JetStream error \(code)\(advice)")
        }
        switch status {
        case NATS_TIMEOUT:
            return TransportError(.timedOut, .unknown, "\(call): no answer from the NATS server in time")
        case NATS_NO_RESPONDERS:
            return TransportError(.unreachable, .notDelivered, "\(call): no NATS server serves the stream")
        case NATS_MAX_PAYLOAD:
            return TransportError(.tooLarge, .notDelivered, "\(call): above the server's max_payload")
        case NATS_CONNECTION_CLOSED, NATS_CONNECTION_DISCONNECTED:
            return TransportError(.interrupted, .unknown, "\(call): the connection to the NATS server broke")
        default:
            return TransportError(.interrupted, .unknown, "\(call): \(text)")
        }
    }

    /// The library's words, and the server's code.
    var text: String {
        let words = natsStatus_GetText(status).map { String(cString: $0) } ?? "status \(status.rawValue)"
        return code == 0 ? words : "\(words), JetStream error \(code)"
    }
}
#endif
