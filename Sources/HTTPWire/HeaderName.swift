// The header names that the gateway cares for. Everything else is `.other` and is looked at by its bytes only where
// a user's own list asks for it.

/// A header name that some rule of the gateway looks at; compared without regard to ASCII case (RFC 9110 §5.1).
public enum HeaderName: UInt8, CaseIterable, Sendable {
    case other
    // The watched ones, which `KnownFields` finds at once, come first.
    case accept, contentEncoding, contentLength, contentType, expect, host, keepAlive, lastEventID
    case mcpMethod, mcpName, mcpProtocolVersion, mcpSessionID, origin
    case accessControlRequestMethod, accessControlRequestHeaders
    // These matter only for what is forwarded.
    case acceptLanguage, allow, authorization, baggage, cacheControl, connection, contentLanguage, cookie, date
    case forwarded, mcpParam
    case proxyAuthenticate, proxyAuthorization, proxyConnection, rateLimit, rateLimitPolicy, retryAfter, server
    case setCookie, te, traceparent, tracestate
    case trailer, transferEncoding, upgrade, userAgent, vary, wwwAuthenticate, xAccelBuffering
    case accessControlAllow, accessControlExpose

    /// Names before this one are watched.
    static let watchedCount = Int(HeaderName.acceptLanguage.rawValue)

    /// Names that speak of one connection only (RFC 9110 §7.6.1) and framing, which is always made anew.
    public var isHopByHop: Bool {
        switch self {
        case .connection, .keepAlive, .proxyConnection, .te, .trailer, .transferEncoding, .upgrade, .contentLength,
            .expect, .proxyAuthenticate, .proxyAuthorization:
            true
        default: false
        }
    }
}

extension HeaderName {
    /// Finds the name for `bytes`, which hold a valid token. Length and first letter leave one candidate, or two.
    static func find(_ bytes: UnsafeRawBufferPointer) -> HeaderName {
        guard let first = bytes.first else { return .other }
        switch (bytes.count, first | 0x20) {
        case (2, 0x74): return .te.named("te", bytes)
        case (4, 0x68): return .host.named("host", bytes)
        case (4, 0x64): return .date.named("date", bytes)
        case (4, 0x76): return .vary.named("vary", bytes)
        case (5, 0x61): return .allow.named("allow", bytes)
        case (6, 0x61): return .accept.named("accept", bytes)
        case (6, 0x63): return .cookie.named("cookie", bytes)
        case (6, 0x65): return .expect.named("expect", bytes)
        case (6, 0x6F): return .origin.named("origin", bytes)
        case (6, 0x73): return .server.named("server", bytes)
        case (7, 0x62): return .baggage.named("baggage", bytes)
        case (7, 0x74): return .trailer.named("trailer", bytes)
        case (7, 0x75): return .upgrade.named("upgrade", bytes)
        case (8, 0x6D): return .mcpName.named("mcp-name", bytes)
        case (9, 0x66): return .forwarded.named("forwarded", bytes)
        case (9, 0x72): return .rateLimit.named("ratelimit", bytes)
        case (10, 0x63): return .connection.named("connection", bytes)
        case (10, 0x6B): return .keepAlive.named("keep-alive", bytes)
        case (10, 0x6D): return .mcpMethod.named("mcp-method", bytes)
        case (10, 0x73): return .setCookie.named("set-cookie", bytes)
        case (10, 0x74): return .tracestate.named("tracestate", bytes)
        case (10, 0x75): return .userAgent.named("user-agent", bytes)
        case (11, 0x72): return .retryAfter.named("retry-after", bytes)
        case (11, 0x74): return .traceparent.named("traceparent", bytes)
        case (12, 0x63): return .contentType.named("content-type", bytes)
        case (13, 0x61): return .authorization.named("authorization", bytes)
        case (13, 0x63): return .cacheControl.named("cache-control", bytes)
        case (13, 0x6C): return .lastEventID.named("last-event-id", bytes)
        case (14, 0x63): return .contentLength.named("content-length", bytes)
        case (14, 0x6D): return .mcpSessionID.named("mcp-session-id", bytes)
        case (15, 0x61): return .acceptLanguage.named("accept-language", bytes)
        case (16, 0x63):
            let name = HeaderName.contentEncoding.named("content-encoding", bytes)
            return name != .other ? name : contentLanguage.named("content-language", bytes)
        case (16, 0x72): return .rateLimitPolicy.named("ratelimit-policy", bytes)
        case (16, 0x70): return .proxyConnection.named("proxy-connection", bytes)
        case (16, 0x77): return .wwwAuthenticate.named("www-authenticate", bytes)
        case (17, 0x74): return .transferEncoding.named("transfer-encoding", bytes)
        case (17, 0x78): return .xAccelBuffering.named("x-accel-buffering", bytes)
        case (18, 0x70): return .proxyAuthenticate.named("proxy-authenticate", bytes)
        case (19, 0x70): return .proxyAuthorization.named("proxy-authorization", bytes)
        case (20, 0x6D): return .mcpProtocolVersion.named("mcp-protocol-version", bytes)
        case (30, 0x61): return .accessControlRequestHeaders.named("access-control-request-headers", bytes)
        case (29, 0x61):
            let name = HeaderName.accessControlExpose.named("access-control-expose-headers", bytes)
            return name != .other ? name : accessControlRequestMethod.named("access-control-request-method", bytes)
        default: return findByPrefix(bytes)
        }
    }

    /// `self` if the bytes are its name.
    @inline(__always)
    private func named(_ text: StaticString, _ bytes: UnsafeRawBufferPointer) -> HeaderName {
        ByteCompare.equalIgnoringCase(bytes, text) ? self : HeaderName.findByPrefix(bytes)
    }

    private static func findByPrefix(_ bytes: UnsafeRawBufferPointer) -> HeaderName {
        if bytes.count > 10, ByteCompare.hasPrefixIgnoringCase(bytes, "mcp-param-") { return .mcpParam }
        if ByteCompare.hasPrefixIgnoringCase(bytes, "access-control-allow-") { return .accessControlAllow }
        return .other
    }
}
