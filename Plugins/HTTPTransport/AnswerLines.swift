// Makes what travels on of an answer's head: header lines that concern the client, and the few facts the core asks for.
internal import HTTPWire
internal import NIOCore
internal import TransportAPI

enum AnswerLines {
    /// `lines` is the connection's own buffer, used again for each answer.
    static func make(
        _ head: ResponseHead, in bytes: ByteBuffer, lines: inout ByteBuffer
    ) -> (head: AnswerHead, keepAliveSeconds: Int?) {
        bytes.withUnsafeReadableBytes { view in
            let content = content(head, view)
            lines.clear()
            var runs = LineRuns()
            let hasOptions = head.fields.contains { $0.name == .connection }
            for field in head.fields where travels(field.name, content) {
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

    /// Not: framing and connection, what speaks of the instance itself, and what the gateway decides anew.
    private static func travels(_ name: HeaderName, _ content: AnswerHead.Content) -> Bool {
        if name.isHopByHop { return false }
        switch name {
        case .cacheControl: return content != .eventStream
        case .mcpSessionID, .server, .setCookie, .xAccelBuffering, .accessControlAllow, .accessControlExpose,
            .proxyConnection:
            return false
        default:
            return true
        }
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
