// Header lines of both directions: which of the client's go to the instance, and what the gateway adds to an answer.
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

extension Exchange {
    /// Writes the lines for the instance into the worker's buffer.
    /// - Parameter isRelayed: they go to a host, which gets what names session and stream in another way.
    func writeRequestLines(isRelayed: Bool = false) {
        let options = plan.upstream.options
        // Taken out and put back, so that the writes go to a local value and not through the worker.
        var lines = worker.requestLines
        worker.requestLines = ByteBuffer()
        lines.clear()
        request.block.withUnsafeReadableBytes { view in
            var runs = LineRuns()
            for field in request.head.fields where travels(field, view, options) {
                if isRelayed, field.name == .lastEventID { continue }
                runs.add(field, view) { lines.writeBytes($0) }
            }
            runs.finish(view) { lines.writeBytes($0) }
        }
        if let name = plan.replacedName { lines.writeHeader("Mcp-Name", name) }
        if !isRelayed, let session = plan.session { lines.writeBytes(session.upstreamLine) }
        worker.requestLines = lines
    }

    /// What shows an instance who is asking, for the gateway's own messages on this exchange's behalf.
    func credentialLines() -> ByteBuffer {
        let options = plan.upstream.options
        var lines = ByteBuffer()
        request.block.withUnsafeReadableBytes { view in
            var runs = LineRuns()
            for field in request.head.fields where !Self.isOfMessage(field.name) && travels(field, view, options) {
                runs.add(field, view) { lines.writeBytes($0) }
            }
            runs.finish(view) { lines.writeBytes($0) }
        }
        return lines
    }

    /// Lines that say something of the client's message, not of the client.
    private static func isOfMessage(_ name: HeaderName) -> Bool {
        switch name {
        case .accept, .contentType, .mcpProtocolVersion, .mcpMethod, .mcpName, .mcpParam, .lastEventID, .traceparent,
            .tracestate, .baggage:
            true
        default: false
        }
    }

    /// The allow-list. The session id is never among them: the instance gets its own.
    private func travels(
        _ field: HeadField, _ view: UnsafeRawBufferPointer, _ options: UpstreamGroup.Options
    ) -> Bool {
        switch field.name {
        case .accept, .contentType, .acceptLanguage, .userAgent, .traceparent, .tracestate, .baggage,
            .mcpProtocolVersion, .mcpMethod, .mcpParam:
            return true
        case .lastEventID:
            // An id of the gateway's own means nothing to an instance.
            return isStream && (plan.mode == .legacyStream || !options.isResumable)
        case .mcpName:
            return plan.replacedName == nil
        case .authorization:
            return options.forwardsAuthorization || request.forwarded != nil
        default:
            // The member at the client's door has chosen already.
            if request.forwarded != nil { return Self.isFreeToTravel(field.name) }
            guard !options.forwardedHeaders.isEmpty, !field.name.isHopByHop else { return false }
            let name = field.nameRange.bytes(in: view)
            return options.forwardedHeaders.contains { $0.equalsIgnoringCase(name) }
                && !request.head.fields.isNamedByConnection(name, view)
        }
    }

    private static func isFreeToTravel(_ name: HeaderName) -> Bool {
        switch name {
        case .host, .mcpSessionID, .contentLength: false
        default: !name.isHopByHop
        }
    }

    /// The worker's buffer with what `body` writes and the lines of cross-origin access.
    func answerLines(_ body: (inout ByteBuffer) -> Void) -> ByteBuffer {
        worker.answerLines.clear()
        body(&worker.answerLines)
        worker.writeCrossOriginLines(request)
        return worker.answerLines
    }
}

extension ByteBuffer {
    mutating func writeHeader(_ name: StaticString, _ value: [UInt8]) {
        writeStaticString(name)
        writeStaticString(": ")
        writeBytes(value)
        writeStaticString("\r\n")
    }
}

extension [UInt8] {
    /// `self` is lower case.
    func equalsIgnoringCase(_ other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        for index in indices {
            let byte = other[index]
            if (byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte) != self[index] { return false }
        }
        return true
    }
}
