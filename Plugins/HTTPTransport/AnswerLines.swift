// Makes what travels on of an answer's head: the header lines of an allow-list, since many others command whatever
// stands in front of the gateway, and the few facts the core asks for.
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

enum AnswerLines {
    /// `lines` is the connection's own buffer, used again for each answer.
    /// - Parameter further: names in lower case that the operator lets through, see ``HTTPOptions/answerHeaders``.
    static func make(
        _ head: ResponseHead, in bytes: ByteBuffer, further: [[UInt8]] = [], lines: inout ByteBuffer
    ) -> (head: AnswerHead, keepAliveSeconds: Int?) {
        bytes.withUnsafeReadableBytes { view in
            let content = content(head, view)
            lines.clear()
            var runs = LineRuns()
            let hasOptions = head.fields.contains { $0.name == .connection }
            for field in head.fields where travels(field, content, further, view) {
                if hasOptions, head.fields.isNamedByConnection(field.nameRange.bytes(in: view), view) { continue }
                runs.add(field, view) { lines.writeBytes($0) }
            }
            runs.finish(view) { lines.writeBytes($0) }
            let session = head.known[.mcpSessionID]
            let length: Int? =
                switch head.framing {
                case .none: 0
                case .length(let count): count
                case .chunked, .untilClose: nil
                }
            let answer = AnswerHead(
                status: head.status, content: content, length: length,
                sessionID: session.isPresent ? Array(session.bytes(in: view)) : nil, lines: lines)
            return (answer, keepAliveSeconds(head.known[.keepAlive].bytes(in: view)))
        }
    }

    /// What describes the answer and is for the client. Neither a proxy nor a browser takes orders from one of these:
    /// `X-Accel-Redirect`, `Link`, `Alt-Svc`, `Clear-Site-Data`, cookies and forged affinity lines are such orders.
    private static func travels(
        _ field: HeadField, _ content: AnswerHead.Content, _ further: [[UInt8]], _ view: UnsafeRawBufferPointer
    ) -> Bool {
        switch field.name {
        case .contentType, .contentEncoding, .contentLanguage, .date, .vary, .allow, .retryAfter, .wwwAuthenticate,
            .mcpProtocolVersion, .traceparent, .tracestate, .rateLimit, .rateLimitPolicy:
            return true
        // Of an event stream the gateway says so itself.
        case .cacheControl: return content != .eventStream
        case .mcpSessionID, .accessControlAllow, .accessControlExpose: return false
        default:
            guard !further.isEmpty, !field.name.isHopByHop, content != .eventStream || field.name != .xAccelBuffering
            else { return false }
            return isListed(field.nameRange.bytes(in: view), further)
        }
    }

    private static func isListed(_ name: UnsafeRawBufferPointer, _ further: [[UInt8]]) -> Bool {
        further.contains { listed in
            listed.count == name.count && zip(listed, name).allSatisfy { $0 == lowercase($1) }
        }
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    /// Names that stay away whoever lists them: cross-origin access is the gateway's to grant. Hop-by-hop names and
    /// framing are kept out line by line.
    static func allowed(_ further: [[UInt8]]) -> [[UInt8]] {
        further.filter { !$0.starts(with: "access-control-".utf8) }
    }

    private static func content(_ head: ResponseHead, _ bytes: UnsafeRawBufferPointer) -> AnswerHead.Content {
        if head.framing == .none { return .none }
        let value = head.known[.contentType].bytes(in: bytes)
        if MediaType.matches(value, "text/event-stream") { return .eventStream }
        return MediaType.matches(value, "application/json") ? .json : .other
    }

    /// `timeout=5, max=100` → 5.
    private static func keepAliveSeconds(_ value: UnsafeRawBufferPointer) -> Int? {
        guard !value.isEmpty else { return nil }
        var seconds: Int?
        HeaderList.forEach(value) { item in
            let name = "timeout=".utf8
            guard item.count > name.count, name.elementsEqual(item.prefix(name.count)) else { return }
            let digits = item.dropFirst(name.count)
            guard digits.count <= 6, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return }
            seconds = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }
        return seconds
    }
}
