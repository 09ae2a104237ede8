// Requests of the stateful revisions, 2025-03-26 to 2025-11-25: which session, which instance.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI

extension Worker {
    func planLegacy(
        _ request: Request, _ message: Message, _ upstream: UpstreamGroup
    ) throws(Refusal) -> (Request, ExchangePlan) {
        let principal = principal(of: request)
        guard request.has(.mcpSessionID) else {
            return (request, try planWithoutSession(request, message, upstream, principal))
        }
        let isFinal = message.kind == .request && message.knownMethod.retryClass == .sideEffect
        let session = try session(of: request, upstream, principal, isFinal: isFinal)
        if message.kind == .request,
            session.calls.load(ordering: .relaxed) >= gateway.parts.limits.callsPerSession
        {
            throw .tooManyCalls
        }
        let plan = ExchangePlan(upstream: upstream, target: .pinned(session.instance))
        plan.message = message
        plan.session = session
        plan.principal = principal
        return try withAnswer(request, plan)
    }

    /// An answer of the client goes to the server under the server's own id. Behind an attachment that is the host's
    /// affair.
    func withAnswer(_ request: Request, _ plan: ExchangePlan) throws(Refusal) -> (Request, ExchangePlan) {
        guard let message = plan.message, let session = plan.session, message.kind == .result || message.kind == .error,
            !session.instance.isAttached
        else { return (request, plan) }
        let (changed, own, question) = try answered(request, message, session)
        plan.message = own
        plan.answers = question
        return (changed, plan)
    }

    private func planWithoutSession(
        _ request: Request, _ message: Message, _ upstream: UpstreamGroup, _ principal: Principal
    ) throws(Refusal) -> ExchangePlan {
        let plan = ExchangePlan(upstream: upstream, target: .any(.session))
        plan.message = message
        plan.principal = principal
        if message.kind == .request, message.knownMethod == .initialize {
            if gateway.isDraining { throw .draining }
            guard upstream.couldMeet(.session) else {
                throw unsupportedVersion(body(request, message.protocolVersion) { Self.decoded($0) }, upstream)
            }
            plan.mode = .initialize
            return plan
        }
        // Without an id only an instance that keeps no sessions can understand it.
        guard upstream.couldMeet(.sessionless) else { throw .sessionMissing }
        plan.target = .any(.sessionless)
        return plan
    }

    /// DELETE: the session ends here first, then at its instance. Nothing brings it back.
    func delete(
        _ request: Request, _ upstream: UpstreamGroup, _ sink: any ResponseSink
    ) throws(Refusal) -> any ClientObserver {
        try checkVersion(request, upstream)
        guard request.has(.mcpSessionID) else {
            throw mayKeepNone(upstream) ? .deleteNotOffered : .sessionMissing
        }
        let principal = principal(of: request)
        let session = try session(of: request, upstream, principal)
        let plan = ExchangePlan(upstream: upstream, target: .pinned(session.instance))
        plan.verb = .delete
        plan.session = session
        plan.principal = principal
        // Behind an attachment it is that one that asks the instance whether it accepts the credentials.
        if session.instance.isAttached, request.showsCredentials(upstream) {
            return start((request, plan), sink)
        }
        try checkCredentials(of: request, session)
        end(session)
        plan.mode = .deletion
        return start((request, plan), sink)
    }

    /// True if this upstream may be one that keeps no sessions.
    func mayKeepNone(_ upstream: UpstreamGroup) -> Bool {
        upstream.couldMeet(.sessionless) || !upstream.couldMeet(.session)
    }

    /// GET and DELETE belong to the stateful revisions (2026-07-28: 405).
    func checkVersion(_ request: Request, _ upstream: UpstreamGroup) throws(Refusal) {
        guard request.has(.mcpProtocolVersion) else { return }
        let revision = request.withValue(.mcpProtocolVersion) { Revision(bytes: $0) }
        guard let revision, !request.head.known.isRepeated(.mcpProtocolVersion) else {
            throw unsupportedVersion(request, upstream)
        }
        if revision.isStateless { throw .methodNotAllowed("POST") }
    }

    /// The refusal of a version nobody here speaks, with the list of what is spoken.
    func unsupportedVersion(_ request: Request, _ upstream: UpstreamGroup) -> Refusal {
        unsupportedVersion(request.withValue(.mcpProtocolVersion) { Array($0) }, upstream)
    }

    /// The contents of a JSON string that a client sent, or its bytes where they stand for no text.
    static func decoded(_ contents: UnsafeRawBufferPointer) -> [UInt8] {
        JSONString.decode(contents) ?? Array(contents)
    }

    /// Bytes of a version that is told back.
    private static let versionBytesMax = 64

    /// - Parameter requested: decoded: cut and escaped here, in this order, so that no escape is cut.
    func unsupportedVersion(_ requested: [UInt8], _ upstream: UpstreamGroup) -> Refusal {
        var supported: [Revision] = upstream.couldMeet(.stateless) ? [.v2026_07_28] : []
        if upstream.couldMeet(.session) { supported += [.v2025_11_25, .v2025_06_18, .v2025_03_26] }
        if supported.isEmpty { supported = [.v2024_11_05] }
        let list = supported.map { "\"\($0.text)\"" }.joined(separator: ",")
        var text: [UInt8] = []
        JSONString.appendEscaped(requested.prefix(Self.versionBytesMax), to: &text)
        let requested = String(decoding: text, as: UTF8.self)
        return Refusal(
            400, .unsupportedProtocolVersion, "Unsupported protocol version; use one of data.supported.",
            dataJSON: #"{"supported":[\#(list)],"requested":"\#(requested)"}"#)
    }
}
