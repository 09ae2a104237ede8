// The few calls of JetStream that directory and log are made of, each one blocking until its deadline at most. Only
// call threads come here.
#if NATS
internal import CNATS
internal import NIOCore

/// A message as the server keeps it.
struct KeptMessage {
    var sequence: UInt64
    /// The server's clock when it was stored, in nanoseconds since 1970.
    var time: Int64
    var body: [UInt8]
    /// An operator's tool has marked the key as deleted.
    var isDeletionMark: Bool
}

/// The outcome of a write that expects something.
enum KeptWrite: Equatable {
    /// The sequence that it got.
    case stored(UInt64)
    /// The last message of the subject is not the expected one. Nothing was stored.
    case lost
}

/// JetStream at the other end of one session, which it keeps.
final class JetStream: @unchecked Sendable {
    // `@unchecked`: the library locks what the pointer stands for.
    private let context: OpaquePointer
    private let session: NATSSession

    init(_ session: NATSSession) throws(JetStreamFailure) {
        var context: OpaquePointer?
        let status = natsConnection_JetStream(&context, session.handle, nil)
        guard status == NATS_OK, let context else { throw JetStreamFailure(status, 0) }
        self.session = session
        self.context = context
    }

    deinit { jsCtx_Destroy(context) }

    /// The last one of a subject; nil when there is none.
    func last(_ subject: String, in stream: String, by deadline: NIODeadline) throws(JetStreamFailure) -> KeptMessage? {
        try get(deadline) { js_GetLastMsg($0, context, stream, subject, $1, $2) }
    }

    /// Nil when it is not there.
    func message(_ sequence: UInt64, in stream: String, by deadline: NIODeadline) throws(JetStreamFailure)
        -> KeptMessage?
    {
        try get(deadline) { js_GetMsg($0, context, stream, sequence, $1, $2) }
    }

    /// Stores a message if the last one of its subject is still `expected`; 0 for none, nil for whatever there is.
    func publish(
        _ body: [UInt8], to subject: String, in stream: String, after expected: UInt64?, isDeletionMark: Bool = false,
        by deadline: NIODeadline
    ) throws(JetStreamFailure) -> KeptWrite {
        var options = jsPubOptions()
        jsPubOptions_Init(&options)
        options.MaxWait = try wait(deadline)
        if let expected {
            options.ExpectLastSubjectSeq = expected
            options.ExpectNoMessage = expected == 0
        }
        var message: OpaquePointer?
        let made = body.withUnsafeBytes { bytes in
            natsMsg_Create(
                &message, subject, nil, bytes.baseAddress?.assumingMemoryBound(to: CChar.self),
                CInt(clamping: bytes.count))
        }
        guard made == NATS_OK else { throw JetStreamFailure(made, 0) }
        defer { natsMsg_Destroy(message) }
        if isDeletionMark { _ = natsMsgHeader_Set(message, Self.operationHeader, Self.deletion) }
        var acknowledgement: UnsafeMutablePointer<jsPubAck>?
        var code = jsErrCode(rawValue: 0)
        let status = stream.withCString { name in
            options.ExpectStream = name
            return js_PublishMsg(&acknowledgement, context, message, &options, &code)
        }
        defer { jsPubAck_Destroy(acknowledgement) }
        // An acknowledgement of failure has a sequence too, so the error comes first.
        if code == JSStreamWrongLastSequenceErr || code.rawValue == Self.writeUnderWay { return .lost }
        guard status == NATS_OK, code.rawValue == 0, let sequence = acknowledgement?.pointee.Sequence, sequence > 0
        else { throw JetStreamFailure(status, code.rawValue) }
        return .stored(sequence)
    }

    /// From server 2.11 on, with copies: another write of the same subject is being agreed on. Nothing was stored.
    private static let writeUnderWay: UInt32 = 10_164

    /// Removes the messages of a subject, all or those below a sequence.
    func purge(
        _ subject: String, in stream: String, below sequence: UInt64 = 0, by deadline: NIODeadline
    ) throws(JetStreamFailure) {
        var options = jsOptions()
        jsOptions_Init(&options)
        options.Wait = try wait(deadline)
        options.Stream.Purge.Sequence = sequence
        var code = jsErrCode(rawValue: 0)
        let status = subject.withCString { subject in
            options.Stream.Purge.Subject = subject
            return js_PurgeStream(context, stream, &options, &code)
        }
        guard status == NATS_OK else { throw JetStreamFailure(status, code.rawValue) }
    }

    /// What stands at the server under this name; nil when there is no such stream.
    func stream(_ name: String, by deadline: NIODeadline) throws(JetStreamFailure) -> StreamState? {
        var options = jsOptions()
        jsOptions_Init(&options)
        options.Wait = try wait(deadline)
        var state: UnsafeMutablePointer<jsStreamInfo>?
        var code = jsErrCode(rawValue: 0)
        let status = js_GetStreamInfo(&state, context, name, &options, &code)
        defer { jsStreamInfo_Destroy(state) }
        if status == NATS_NOT_FOUND || code == JSStreamNotFoundErr { return nil }
        guard status == NATS_OK, let state = state.flatMap({ StreamState($0.pointee) }) else {
            throw JetStreamFailure(status, code.rawValue)
        }
        return state
    }

    /// Makes a stream. One that has just the same settings is no error.
    /// - Returns: false when there is one with other settings.
    func make(_ plan: StreamPlan, by deadline: NIODeadline) throws(JetStreamFailure) -> Bool {
        var options = jsOptions()
        jsOptions_Init(&options)
        options.Wait = try wait(deadline)
        var code = jsErrCode(rawValue: 0)
        let status = plan.withConfiguration { js_AddStream(nil, context, $0, &options, &code) }
        if code == JSStreamNameExistErr { return false }
        guard status == NATS_OK else { throw JetStreamFailure(status, code.rawValue) }
        return true
    }

    /// Whether JetStream is there for this user.
    func check(by deadline: NIODeadline) throws(JetStreamFailure) {
        var options = jsOptions()
        jsOptions_Init(&options)
        options.Wait = try wait(deadline)
        var account: UnsafeMutablePointer<jsAccountInfo>?
        var code = jsErrCode(rawValue: 0)
        let status = js_GetAccountInfo(&account, context, &options, &code)
        jsAccountInfo_Destroy(account)
        guard status == NATS_OK else { throw JetStreamFailure(status, code.rawValue) }
    }

    /// Bytes of a message's payload at most, as the server has said.
    var payloadBytesMax: Int { session.payloadMax }

    /// What the server has said last of something that it did not accept, for people; empty if nothing.
    var lastError: String { session.lastError }

    // MARK: Parts

    private static let operationHeader = "KV-Operation"
    private static let deletion = "DEL"

    private typealias Get = (
        UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<jsOptions>, UnsafeMutablePointer<jsErrCode>
    ) -> natsStatus

    private func get(_ deadline: NIODeadline, _ call: Get) throws(JetStreamFailure) -> KeptMessage? {
        var options = jsOptions()
        jsOptions_Init(&options)
        options.Wait = try wait(deadline)
        var message: OpaquePointer?
        var code = jsErrCode(rawValue: 0)
        let status = call(&message, &options, &code)
        defer { natsMsg_Destroy(message) }
        if code == JSNoMessageFoundErr { return nil }
        guard status == NATS_OK, let message else { throw JetStreamFailure(status, code.rawValue) }
        let count = Int(natsMsg_GetDataLength(message))
        var operation: UnsafePointer<CChar>?
        _ = natsMsgHeader_Get(message, Self.operationHeader, &operation)
        return KeptMessage(
            sequence: natsMsg_GetSequence(message), time: natsMsg_GetTime(message),
            body: natsMsg_GetData(message).map { data in
                Array(UnsafeRawBufferPointer(start: data, count: count))
            } ?? [],
            isDeletionMark: operation != nil)
    }

    /// Milliseconds that are left. Fails before anything is sent when there are none, or nobody to send to.
    private func wait(_ deadline: NIODeadline) throws(JetStreamFailure) -> Int64 {
        guard natsConnection_Status(session.handle) == NATS_CONN_STATUS_CONNECTED else { throw .notConnected }
        let left = (deadline - .now()).nanoseconds / 1_000_000
        guard left > 0 else { throw .noTimeLeft }
        return left
    }
}
#endif
