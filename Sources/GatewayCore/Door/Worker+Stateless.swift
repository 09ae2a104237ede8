// Requests of 2026-07-28: no session, every request checked on its own, headers against the body first (Streamable
// HTTP, "Headers"; SEP-2243). The order of the checks is the Python SDK's, so that both give the same verdict.
internal import HTTPWire
internal import MCPWire
internal import NIOCore

extension Worker {
    func routeStateless(
        _ request: Request, _ message: Message, _ upstream: UpstreamGroup
    ) throws(Refusal) -> (Request, ExchangePlan) {
        guard message.kind == .request || message.kind == .notification else {
            throw Refusal(400, .invalidRequest, "A client sends requests and notifications only (2026-07-28).")
        }
        if message.kind == .request { try checkEnvelope(request, message, upstream) }
        guard upstream.couldMeet(.stateless) else {
            throw unsupportedVersion(Array(Revision.v2026_07_28.text.utf8), upstream)
        }
        if message.knownMethod == .subscriptionsListen, gateway.isDraining { throw .draining }
        let plan = ExchangePlan(upstream: upstream, target: .any(.stateless))
        plan.message = message
        plan.principal = principal(of: request)
        plan.cancelsWithClient = true
        // An attachment cannot know whether there are others.
        let mayBeOneOfMany = upstream.instances.count > 1 || request.forwarded != nil
        guard upstream.options.tagsInstances, mayBeOneOfMany else { return (request, plan) }
        plan.mode = .tag
        return try takeTagsOff(request, message, plan)
    }

    // MARK: Checks

    private func checkEnvelope(
        _ request: Request, _ message: Message, _ upstream: UpstreamGroup
    ) throws(Refusal) {
        let known = request.head.known
        for (name, text) in [
            (HeaderName.mcpProtocolVersion, "MCP-Protocol-Version"), (.mcpMethod, "Mcp-Method"),
            (.mcpName, "Mcp-Name"),
        ] where known.isRepeated(name) {
            throw Refusal(400, .headerMismatch, "\(text) occurs more than once; send it once.")
        }
        guard !message.metaProtocolVersion.isAbsent, message.hasClientCapabilities else {
            throw Refusal(
                400, .invalidParams,
                "params._meta must have io.modelcontextprotocol/protocolVersion and /clientCapabilities.")
        }
        try check(request, .mcpProtocolVersion, "MCP-Protocol-Version", message.metaProtocolVersion)
        try check(request, .mcpMethod, "Mcp-Method", message.method)
        if let named = message.nameForHeader { try check(request, .mcpName, "Mcp-Name", named) }
        let revision = body(request, message.metaProtocolVersion) { Revision(bytes: $0) }
        guard let revision, revision.isStateless else {
            throw unsupportedVersion(body(request, message.metaProtocolVersion) { Self.decoded($0) }, upstream)
        }
    }

    /// The header must be there and say what the body says.
    private func check(
        _ request: Request, _ name: HeaderName, _ text: String, _ range: ByteRange
    ) throws(Refusal) {
        guard request.has(name) else {
            throw Refusal(400, .headerMismatch, "\(text) is missing; it must equal the body's value.")
        }
        let isEqual = body(request, range) { raw in
            request.withValue(name) { value in
                name == .mcpName
                    ? HeaderText.matches(value, jsonString: raw) : JSONString.equals(raw, decoded: value)
            }
        }
        guard isEqual else { throw Refusal(400, .headerMismatch, "\(text) does not equal the body's value.") }
    }

    func body<Result>(
        _ request: Request, _ range: ByteRange, _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result {
        request.body.withUnsafeReadableBytes { view in
            guard !range.isAbsent, Int(range.end) <= view.count else {
                return body(UnsafeRawBufferPointer(start: nil, count: 0))
            }
            return body(UnsafeRawBufferPointer(rebasing: view[range.range]))
        }
    }

    // MARK: Tags

    /// Sends an echoed value back to the instance that made it, without the tag.
    private func takeTagsOff(
        _ request: Request, _ message: Message, _ plan: ExchangePlan
    ) throws(Refusal) -> (Request, ExchangePlan) {
        var places: [Int] = []
        for range in [message.requestState, message.cursor, message.taskId] where !range.isAbsent {
            let reading = body(request, range) {
                InstanceTag.read($0, sealer, principal: plan.principal, now: gateway.clock.unixSeconds)
            }
            switch reading {
            case .none: continue
            case .invalid:
                throw Refusal(
                    400, .invalidParams, "An echoed value (requestState, cursor or taskId) is not valid here.")
            case .valid(let tag):
                places.append(Int(range.start))
                if let instance = plan.upstream.instance(digest: tag.instance),
                    instance.isUp || range == message.taskId
                {
                    plan.target = .pinned(instance)
                } else if range == message.taskId {
                    throw Refusal(400, .invalidParams, "The task's instance is gone, and the task with it.")
                }
            }
        }
        guard !places.isEmpty else { return (request, plan) }
        if message.nameForHeader == message.taskId, !message.taskId.isAbsent {
            plan.replacedName = try nameWithoutTag(request)
        }
        let changed = request.with(body: Self.cut(request.body, places))
        let rescanned = changed.body.withUnsafeReadableBytes { view in
            try? MessageScanner.scanMessage(view, limits: scanLimits)
        }
        plan.message = rescanned ?? message
        return (changed, plan)
    }

    private static func cut(_ body: ByteBuffer, _ places: [Int]) -> ByteBuffer {
        body.withUnsafeReadableBytes { view in
            var out = ByteBufferAllocator().buffer(capacity: view.count)
            var copied = 0
            for place in places.sorted() where place >= copied && place + InstanceTag.textBytes <= view.count {
                out.writeBytes(view[copied..<place])
                copied = place + InstanceTag.textBytes
            }
            out.writeBytes(view[copied...])
            return out
        }
    }

    private func nameWithoutTag(_ request: Request) throws(Refusal) -> [UInt8] {
        let name = request.withValue(.mcpName) { value -> [UInt8]? in
            // A tagged name in the Base64 form would have to be encoded anew; a task id that needs it was never minted.
            guard value.count > InstanceTag.textBytes, value.starts(with: "pb1.".utf8) else { return nil }
            return Array(value[InstanceTag.textBytes...])
        }
        guard let name else {
            throw Refusal(400, .invalidParams, "Mcp-Name must hold the task id as it was given, not encoded.")
        }
        return name
    }
}

extension Message {
    /// The member that `Mcp-Name` mirrors for this method, or nil where there is none (SEP-2243, SEP-2663).
    var nameForHeader: ByteRange? {
        switch knownMethod {
        case .toolsCall, .promptsGet: name
        case .resourcesRead: uri
        case .tasksGet, .tasksUpdate, .tasksCancel: taskId
        default: nil
        }
    }
}
