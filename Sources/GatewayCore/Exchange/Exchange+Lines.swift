// Header lines of both directions: which of the client's go to the instance, and what the gateway adds to an answer.
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

extension Exchange {
    /// Writes the lines for the instance into the worker's buffer.
    /// - Parameters:
    ///   - isRelayed: they go to a host, which gets what names session and stream in another way.
    ///   - credentials: in place of those of the request; empty for those.
    func writeRequestLines(isRelayed: Bool = false, credentials: [UInt8] = []) {
        let options = plan.upstream.options
        // Taken out and put back, so that the writes go to a local value and not through the worker.
        var lines = worker.requestLines
        worker.requestLines = ByteBuffer()
        lines.clear()
        request.block.withUnsafeReadableBytes { view in
            var runs = LineRuns()
            for field in request.head.fields where travels(field, view, options, withCredentials: credentials.isEmpty) {
                if isRelayed, field.name == .lastEventID { continue }
                if request.head.namesOptions, request.head.fields.isNamedByConnection(field, view) { continue }
                runs.add(field, view) { lines.writeBytes($0) }
            }
            runs.finish(view) { lines.writeBytes($0) }
        }
        if !credentials.isEmpty { lines.writeBytes(credentials) }
        if let name = plan.replacedName { lines.writeHeader("Mcp-Name", name) }
        if !isRelayed, let session = plan.session { lines.writeBytes(session.upstreamLine) }
        worker.requestLines = lines
    }

    /// What shows the instance who is asking, for the gateway's own messages on this exchange's behalf: the newest that
    /// it has accepted in this session.
    var ownCredentials: [UInt8] {
        guard request.showsCredentials(plan.upstream) else { return [] }
        let accepted = (plan.session ?? newSession)?.acceptedLines ?? []
        return accepted.isEmpty ? request.credentials(plan.upstream.options) : accepted
    }

    /// The allow-list. The session id is never among them: the instance gets its own.
    private func travels(
        _ field: HeadField, _ view: UnsafeRawBufferPointer, _ options: UpstreamGroup.Options, withCredentials: Bool
    ) -> Bool {
        if TravellingLines.isPlain(field.name) { return true }
        switch field.name {
        case .lastEventID:
            // An id of the gateway's own means nothing to an instance.
            return isStream && (plan.mode == .legacyStream || !options.isResumable)
        case .mcpName:
            return plan.replacedName == nil
        default:
            return withCredentials && TravellingLines.isCredential(field, view, request, options)
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
