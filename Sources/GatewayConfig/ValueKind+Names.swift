// Texts with a meaning: addresses, URLs, paths, names, hosts, origins. Each refuses what could not work later, so that
// a mistake is met at start-up and with a line number.

extension ValueKind where Value == GatewayConfiguration.Address {
    static var address: ValueKind {
        .text("an address such as 127.0.0.1:8080", text: \.description) { text throws(ValueProblem) in
            try GatewayConfiguration.Address(parsing: text)
        }
    }
}

extension ValueKind where Value == GatewayConfiguration.URLParts {
    static var url: ValueKind {
        .text("a URL such as http://127.0.0.1:9001/mcp", text: \.redacted) { text throws(ValueProblem) in
            try GatewayConfiguration.URLParts(text)
        }
    }
}

extension ValueKind where Value == String {
    /// Any text that is not empty and has no control characters.
    public static func plainText(_ expected: String) -> ValueKind {
        .text(expected, text: \.self) { text throws(ValueProblem) in
            guard !text.isEmpty else { throw ValueProblem("is empty") }
            guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
                throw ValueProblem("has a control character")
            }
            return text
        }
    }

    /// A name of our own: safe in log lines, metric labels, URLs and broker subjects.
    public static var name: ValueKind {
        .text("a name such as main", text: \.self) { text throws(ValueProblem) in
            let isName = text.utf8.count <= 64 && text.utf8.first?.isLetterOrDigit == true
                && text.utf8.allSatisfy { $0.isLetterOrDigit || "._-".utf8.contains($0) }
            guard isName else {
                throw ValueProblem(
                    "is no name; use 1 to 64 letters, digits, '.', '_' and '-', beginning with a letter or digit")
            }
            return text
        }
    }

    /// The path of an upstream. Escapes and empty segments are refused because paths are compared byte by byte.
    static var publishedPath: ValueKind {
        .text("a path such as /mcp", text: \.self) { text throws(ValueProblem) in
            guard text.utf8.first == UInt8(ascii: "/") else { throw ValueProblem("does not begin with '/'") }
            if text.utf8.contains(UInt8(ascii: "?")) { throw ValueProblem("has a query; a path has none") }
            let segments = text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            guard text == "/" || segments.allSatisfy({ !$0.isEmpty }) else {
                throw ValueProblem("has an empty segment; write it without '//' and without a slash at the end")
            }
            guard segments.allSatisfy({ Array($0) != [0x2E] && Array($0) != [0x2E, 0x2E] }) else {
                throw ValueProblem("has '.' or '..'; write the path that is meant")
            }
            guard text.utf8.dropFirst().allSatisfy({ $0.isLetterOrDigit || "-._~!$&'()*+,;=:@/".utf8.contains($0) }),
                text.utf8.count <= 256
            else { throw ValueProblem("has a character that a path cannot have, or more than 256 of them") }
            return text
        }
    }

    /// A DNS name or an address without a port.
    static var serverName: ValueKind {
        .text("a host name such as mcp.example.com", text: \.self) { text throws(ValueProblem) in
            let parts = try HostPort(parsing: text)
            guard parts.port == nil else { throw ValueProblem("has a port; write the name alone") }
            return parts.host
        }
    }

    /// An entry of `allowed_hosts`; `*` stands for every host.
    static var allowedHost: ValueKind {
        .text("a host such as mcp.example.com", text: \.self) { text throws(ValueProblem) in
            text.utf8.elementsEqual("*".utf8) ? text : try HostPort(parsing: text).text
        }
    }

    /// An entry of `allowed_origins`, in the form in which browsers send it (RFC 6454, section 6.2).
    static var origin: ValueKind {
        .text("an origin such as https://app.example.com", text: \.self) { text throws(ValueProblem) in
            if text == "*" { throw ValueProblem("allows any origin, which is no check; name the origins") }
            let lower = text.lowercased()
            guard let colon = lower.utf8.firstIndex(of: UInt8(ascii: ":")), lower[colon...].hasPrefix("://"),
                lower.utf8.first?.isLetter == true,
                lower[..<colon].utf8.allSatisfy({ $0.isLetterOrDigit || "+-.".utf8.contains($0) })
            else { throw ValueProblem("is no origin; write SCHEME://HOST or SCHEME://HOST:PORT") }
            let authority = lower[colon...].dropFirst(3)
            guard !authority.utf8.contains(where: { "/?#@".utf8.contains($0) }) else {
                throw ValueProblem("has more than scheme, host and port; an origin has no path and no '/' at its end")
            }
            var parts = try HostPort(parsing: authority)
            let scheme = String(lower[..<colon])
            if (scheme == "http" && parts.port == 80) || (scheme == "https" && parts.port == 443) { parts.port = nil }
            return "\(scheme)://\(parts.text)"
        }
    }
}
