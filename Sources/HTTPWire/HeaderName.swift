// The header names that the gateway cares for. Everything else is `.other` and is looked at by its bytes only where
// a user's own list asks for it.

/// A header name that some rule of the gateway looks at; compared without regard to ASCII case (RFC 9110 §5.1).
public enum HeaderName: UInt8, CaseIterable, Sendable {
    case other
    case accept, acceptLanguage, allow, authorization, baggage, cacheControl, connection, contentEncoding
    case contentLength, contentType, cookie, date, expect, forwarded, host, keepAlive, lastEventID
    case mcpMethod, mcpName, mcpParam, mcpProtocolVersion, mcpSessionID
    case origin, proxyAuthorization, proxyConnection, retryAfter, server, setCookie, te, traceparent, tracestate
    case trailer, transferEncoding, upgrade, userAgent, vary, wwwAuthenticate, xAccelBuffering
    case accessControlAllow, accessControlExpose, accessControlRequestMethod, accessControlRequestHeaders

    /// Names that speak of one connection only (RFC 9110 §7.6.1) and framing, which is always made anew.
    public var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .contentLength,
            .expect, .proxyAuthorization:
            true
        default: false
        }
    }

    /// A second header line of this name is refused or makes the request ambiguous.
    var isSingle: Bool {
        switch self {
        case .host, .contentLength, .contentType, .authorization, .origin, .mcpMethod, .mcpName, .mcpProtocolVersion,
            .mcpSessionID, .lastEventID, .expect:
            true
        default: false
        }
    }
}

extension HeaderName {
    /// Finds the name for `bytes`, which hold a valid token.
    static func find(_ bytes: UnsafeRawBufferPointer) -> HeaderName {
        guard let first = bytes.first else { return .other }
        if bytes.count > 10, first | 0x20 == UInt8(ascii: "m"), hasPrefix(bytes, "mcp-param-") { return .mcpParam }
        for (text, name) in candidates(count: bytes.count, first: first | 0x20) where equal(bytes, text) {
            return name
        }
        if first | 0x20 == UInt8(ascii: "a"), hasPrefix(bytes, "access-control-allow-") { return .accessControlAllow }
        return .other
    }

    /// At most two names share a length and a first letter, so two comparisons settle it.
    private static func candidates(count: Int, first: UInt8) -> Candidates {
        switch (count, first) {
        case (2, 0x74): Candidates(("te", .te))
        case (4, 0x68): Candidates(("host", .host))
        case (4, 0x64): Candidates(("date", .date))
        case (4, 0x76): Candidates(("vary", .vary))
        case (5, 0x61): Candidates(("allow", .allow))
        case (6, 0x61): Candidates(("accept", .accept))
        case (6, 0x63): Candidates(("cookie", .cookie))
        case (6, 0x65): Candidates(("expect", .expect))
        case (6, 0x6F): Candidates(("origin", .origin))
        case (6, 0x73): Candidates(("server", .server))
        case (7, 0x62): Candidates(("baggage", .baggage))
        case (7, 0x74): Candidates(("trailer", .trailer))
        case (7, 0x75): Candidates(("upgrade", .upgrade))
        case (8, 0x6D): Candidates(("mcp-name", .mcpName))
        case (9, 0x66): Candidates(("forwarded", .forwarded))
        case (10, 0x63): Candidates(("connection", .connection))
        case (10, 0x6B): Candidates(("keep-alive", .keepAlive))
        case (10, 0x6D): Candidates(("mcp-method", .mcpMethod))
        case (10, 0x73): Candidates(("set-cookie", .setCookie))
        case (10, 0x74): Candidates(("tracestate", .tracestate))
        case (10, 0x75): Candidates(("user-agent", .userAgent))
        case (11, 0x72): Candidates(("retry-after", .retryAfter))
        case (11, 0x74): Candidates(("traceparent", .traceparent))
        case (12, 0x63): Candidates(("content-type", .contentType))
        case (13, 0x61): Candidates(("authorization", .authorization))
        case (13, 0x63): Candidates(("cache-control", .cacheControl))
        case (13, 0x6C): Candidates(("last-event-id", .lastEventID))
        case (14, 0x63): Candidates(("content-length", .contentLength))
        case (14, 0x6D): Candidates(("mcp-session-id", .mcpSessionID))
        case (15, 0x61): Candidates(("accept-language", .acceptLanguage))
        case (16, 0x63): Candidates(("content-encoding", .contentEncoding))
        case (16, 0x70): Candidates(("proxy-connection", .proxyConnection))
        case (16, 0x77): Candidates(("www-authenticate", .wwwAuthenticate))
        case (17, 0x74): Candidates(("transfer-encoding", .transferEncoding))
        case (17, 0x78): Candidates(("x-accel-buffering", .xAccelBuffering))
        case (19, 0x70): Candidates(("proxy-authorization", .proxyAuthorization))
        case (20, 0x6D): Candidates(("mcp-protocol-version", .mcpProtocolVersion))
        case (29, 0x61):
            Candidates(
                ("access-control-expose-headers", .accessControlExpose),
                ("access-control-request-method", .accessControlRequestMethod))
        case (30, 0x61): Candidates(("access-control-request-headers", .accessControlRequestHeaders))
        default: Candidates()
        }
    }

    /// A tiny list without an allocation.
    private struct Candidates: Sequence, IteratorProtocol {
        private var first: (StaticString, HeaderName)?
        private var second: (StaticString, HeaderName)?

        init(_ first: (StaticString, HeaderName)? = nil, _ second: (StaticString, HeaderName)? = nil) {
            self.first = first
            self.second = second
        }

        mutating func next() -> (StaticString, HeaderName)? {
            defer { (first, second) = (second, nil) }
            return first
        }
    }

    /// Equality without regard to ASCII case; `text` is lower case.
    static func equal(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        bytes.count == text.utf8CodeUnitCount && hasPrefix(bytes, text)
    }

    static func hasPrefix(_ bytes: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { wanted in
            guard bytes.count >= wanted.count else { return false }
            for index in 0..<wanted.count {
                let byte = bytes[index]
                let isUpper = byte >= 0x41 && byte <= 0x5A
                if (isUpper ? byte | 0x20 : byte) != wanted[index] { return false }
            }
            return true
        }
    }
}
