// Names of HTTP headers and cookies in the configuration, and which of them may not be named because the gateway writes
// them itself or because they belong to one connection.

extension ValueKind where Value == String {
    /// A header that identifies clients.
    static var principalHeader: ValueKind {
        headerName(refusing: HeaderNames.perConnection.union(HeaderNames.perMessage))
    }

    /// An entry of `forward_headers`.
    static var forwardedHeader: ValueKind {
        headerName(refusing: HeaderNames.perConnection.union(HeaderNames.perMessage).union(["authorization"]))
    }

    /// An entry of `forward_answer_headers`.
    static var forwardedAnswerHeader: ValueKind {
        .text("a header name such as x-request-id", text: \.self) { text throws(ValueProblem) in
            guard isToken(text) else {
                throw ValueProblem("is no header name; use 1 to 64 letters, digits and '-'")
            }
            let name = text.lowercased()
            switch name {
            case _ where HeaderNames.perConnection.contains(name) || HeaderNames.framing.contains(name):
                throw ValueProblem("belongs to one connection and is never forwarded")
            case _ where HeaderNames.alwaysInAnswers.contains(name):
                throw ValueProblem("always passes; leave it out")
            case _ where name.hasPrefix("mcp-") || name.utf8.elementsEqual("x-accel-buffering".utf8):
                throw ValueProblem("is written by the gateway itself")
            case _ where name.hasPrefix("access-control-"):
                throw ValueProblem("is the gateway's to say; name the origins of browsers in 'allowed_origins'")
            case "set-cookie2":
                throw ValueProblem("is obsolete (RFC 6265); name set-cookie if cookies are meant")
            default: return name
            }
        }
    }

    /// A response header that names the node.
    static var affinityHeader: ValueKind {
        let written = HeaderNames.ofAnswers.union(HeaderNames.alwaysInAnswers)
        return headerName(refusing: HeaderNames.perConnection.union(HeaderNames.perMessage).union(written))
    }

    /// A cookie that names the node. The prefixes of RFC 6265bis would need `Secure`, and with it TLS.
    static var cookieName: ValueKind {
        .text("a cookie name such as patchbay-node", text: \.self) { text throws(ValueProblem) in
            guard isToken(text), !text.hasPrefix("__") else {
                throw ValueProblem("is no cookie name; use 1 to 64 letters, digits and '-'")
            }
            return text
        }
    }

    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 64
            && text.utf8.allSatisfy { $0.isLetterOrDigit || "!#$%&'*+-.^_`|~".utf8.contains($0) }
    }

    private static func headerName(refusing refused: Set<String>) -> ValueKind {
        .text("a header name such as x-tenant", text: \.self) { text throws(ValueProblem) in
            guard isToken(text) else {
                throw ValueProblem("is no header name; use 1 to 64 letters, digits and '-'")
            }
            let name = text.lowercased()
            if name.hasPrefix("mcp-param-") { throw ValueProblem("always passes; leave it out") }
            guard refused.contains(name) || name.hasPrefix("mcp-") else { return name }
            switch name {
            case "authorization": throw ValueProblem("is forwarded with 'forward_authorization: true' only")
            case _ where HeaderNames.perConnection.contains(name):
                throw ValueProblem("belongs to one connection and is never forwarded")
            default: throw ValueProblem("is written by the gateway itself")
            }
        }
    }
}

private enum HeaderNames {
    /// Hop-by-hop (RFC 9110, section 7.6.1) and what older proxies treated so.
    static let perConnection: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
    /// How long a message is, which is made anew on each side.
    static let framing: Set<String> = ["content-length", "expect"]
    /// What passes of each answer without being named.
    static let alwaysInAnswers: Set<String> = [
        "allow", "cache-control", "content-encoding", "content-language", "content-type", "date",
        "mcp-protocol-version", "ratelimit", "ratelimit-policy", "retry-after", "traceparent", "tracestate", "vary",
        "www-authenticate",
    ]
    /// Made anew for each message to an instance.
    static let perMessage: Set<String> = [
        "accept", "content-encoding", "content-length", "content-type", "expect", "host", "last-event-id",
    ]
    /// Written into answers, by the gateway or by instances, or kept for those.
    static let ofAnswers: Set<String> = [
        "access-control-allow-origin", "access-control-expose-headers", "age", "allow", "cache-control", "date",
        "location", "retry-after", "server", "set-cookie", "vary", "www-authenticate", "x-accel-buffering",
    ]
}
