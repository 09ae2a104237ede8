// Which header lines of a client go on to an instance: an allow-list. Those that show who is asking are told from those
// that say something of the message, since a session remembers the former.
internal import HTTPWire
internal import NIOCore

/// Decides on single header lines of a request. The session id is never among those that travel: the instance gets its
/// own.
enum TravellingLines {
    /// Says something of the client's message, not of the client.
    static func isPlain(_ name: HeaderName) -> Bool {
        switch name {
        case .accept, .contentType, .acceptLanguage, .userAgent, .traceparent, .tracestate, .baggage,
            .mcpProtocolVersion, .mcpMethod, .mcpParam:
            true
        default: false
        }
    }

    /// Shows the instance who is asking, and is forwarded to it.
    static func isCredential(
        _ field: HeadField, _ view: UnsafeRawBufferPointer, _ request: Request, _ options: UpstreamGroup.Options
    ) -> Bool {
        switch field.name {
        case .authorization: return options.forwardsAuthorization || request.forwarded != nil
        case .mcpName, .lastEventID, .host, .mcpSessionID, .contentLength: return false
        default:
            if isPlain(field.name) || field.name.isHopByHop { return false }
            // The member at the client's door has chosen already.
            if request.forwarded != nil { return true }
            guard !options.forwardedHeaders.isEmpty else { return false }
            let name = field.nameRange.bytes(in: view)
            return options.forwardedHeaders.contains { $0.equalsIgnoringCase(name) }
        }
    }
}

extension Request {
    /// This upstream's instances are shown who is asking.
    func showsCredentials(_ upstream: UpstreamGroup) -> Bool {
        guard let forwarded else { return upstream.showsCredentials }
        return forwarded.showsCredentials
            ?? (upstream.showsCredentials || head.fields.contains { $0.name == .authorization })
    }

    /// The lines that show an instance who is asking, each with its line end, as they came.
    func credentials(_ options: UpstreamGroup.Options) -> [UInt8] {
        block.withUnsafeReadableBytes { view in
            var lines: [UInt8] = []
            for field in head.fields where TravellingLines.isCredential(field, view, self, options) {
                if head.namesOptions, head.fields.isNamedByConnection(field, view) { continue }
                lines.append(contentsOf: field.nameRange.bytes(in: view))
                lines.append(contentsOf: [0x3A, 0x20])
                lines.append(contentsOf: field.value.bytes(in: view))
                lines.append(contentsOf: [0x0D, 0x0A])
            }
            return lines
        }
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
