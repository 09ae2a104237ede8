// Finding header names: every name is found in every case, nothing else is, and the table of known names has a place
// for each of them.
import HTTPWire
import Testing

@Suite struct HeaderNameTests {
    /// One wire name for each case.
    private static let names: [(HeaderName, String)] = [
        (.other, "x-other"), (.accept, "accept"), (.acceptLanguage, "accept-language"), (.allow, "allow"),
        (.authorization, "authorization"), (.baggage, "baggage"), (.cacheControl, "cache-control"),
        (.connection, "connection"), (.contentEncoding, "content-encoding"),
        (.contentLanguage, "content-language"), (.contentLength, "content-length"),
        (.contentType, "content-type"), (.cookie, "cookie"), (.date, "date"), (.expect, "expect"),
        (.forwarded, "forwarded"), (.host, "host"), (.keepAlive, "keep-alive"), (.lastEventID, "last-event-id"),
        (.mcpMethod, "mcp-method"), (.mcpName, "mcp-name"), (.mcpParam, "mcp-param-x"),
        (.mcpProtocolVersion, "mcp-protocol-version"), (.mcpSessionID, "mcp-session-id"), (.origin, "origin"),
        (.proxyAuthenticate, "proxy-authenticate"),
        (.proxyAuthorization, "proxy-authorization"), (.proxyConnection, "proxy-connection"),
        (.rateLimit, "ratelimit"), (.rateLimitPolicy, "ratelimit-policy"),
        (.retryAfter, "retry-after"), (.server, "server"), (.setCookie, "set-cookie"), (.te, "te"),
        (.traceparent, "traceparent"), (.tracestate, "tracestate"), (.trailer, "trailer"),
        (.transferEncoding, "transfer-encoding"), (.upgrade, "upgrade"), (.userAgent, "user-agent"), (.vary, "vary"),
        (.wwwAuthenticate, "www-authenticate"), (.xAccelBuffering, "x-accel-buffering"),
        (.accessControlAllow, "access-control-allow-origin"), (.accessControlExpose, "access-control-expose-headers"),
        (.accessControlRequestMethod, "access-control-request-method"),
        (.accessControlRequestHeaders, "access-control-request-headers"),
    ]

    /// A value that the reader lets through for this name.
    private static func value(_ name: HeaderName) -> String {
        switch name {
        case .contentLength: "0"
        case .transferEncoding: "chunked"
        default: "x"
        }
    }

    /// Reads header lines of an answer, which has no rules for `Host` and `Expect`.
    private func read(_ lines: [(name: [UInt8], value: String)]) -> ResponseHead? {
        var bytes = Array("HTTP/1.1 200 OK\r\n".utf8)
        for line in lines { bytes += line.name + Array(": \(line.value)\r\n".utf8) }
        bytes += Array("\r\n".utf8)
        var reader = ResponseHeadReader(limits: HeadLimits())
        return withExactBytes(bytes) { view in try? reader.read(view) }
    }

    private func found(_ name: [UInt8], value: String = "0") -> HeaderName? {
        read([(name, value)])?.fields.first?.name
    }

    @Test func theListIsComplete() {
        #expect(Self.names.map(\.0.rawValue).sorted() == HeaderName.allCases.map(\.rawValue))
    }

    @Test func everyNameIsFoundInEveryCase() {
        for (name, text) in Self.names {
            let capitals = text.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
                .joined(separator: "-")
            let odd = String(
                text.enumerated().map { $0.offset % 2 == 0 ? $0.element : Character($0.element.uppercased()) })
            for spelling in [text, text.uppercased(), capitals, odd] {
                #expect(found(Array(spelling.utf8), value: Self.value(name)) == name, "\(spelling)")
            }
        }
    }

    /// The names that rules ask for by `known[…]`; a rule that asked for another one would never find it.
    private static let watched: Set<HeaderName> = [
        .accept, .contentEncoding, .contentLength, .contentType, .expect, .host, .keepAlive, .lastEventID, .mcpMethod,
        .mcpName, .mcpProtocolVersion, .mcpSessionID, .origin, .accessControlRequestMethod,
        .accessControlRequestHeaders,
    ]

    @Test func everyWatchedNameHasItsPlaceInTheTable() throws {
        for (name, text) in Self.names where name != .other {
            let head = try #require(read([(Array(text.utf8), Self.value(name))]))
            for (other, _) in Self.names {
                let isExpected = other == name && Self.watched.contains(name)
                #expect(head.known[other].isPresent == isExpected, "\(text): \(other)")
                #expect(!head.known.isRepeated(other), "\(text): \(other)")
            }
        }
    }

    /// All watched names in one head, so that no two of them share a place.
    @Test func watchedNamesDoNotShareAPlace() throws {
        let lines = Self.names.filter { Self.watched.contains($0.0) }
        let head = try #require(read(lines.map { (Array($0.1.utf8), Self.value($0.0)) }))
        for (index, line) in lines.enumerated() { #expect(head.known[line.0] == head.fields[index].value) }
    }

    @Test func everyRepetitionIsNoted() throws {
        for (name, text) in Self.names where ![.other, .contentLength, .transferEncoding].contains(name) {
            let lines = [(Array(text.utf8), "first"), (Array(text.uppercased().utf8), "second")]
            let head = try #require(read(lines))
            for (other, _) in Self.names {
                #expect(head.known.isRepeated(other) == (other == name), "\(text): \(other)")
            }
            // The first one counts.
            if Self.watched.contains(name) { #expect(head.known[name] == head.fields.first?.value) }
        }
    }

    /// Unknown names are many; they must not be counted as one that is repeated.
    @Test func unknownNamesAreNotNoted() throws {
        let head = try #require(read([(Array("a".utf8), "1"), (Array("b".utf8), "2"), (Array("a".utf8), "3")]))
        #expect(head.known[.other].isAbsent && !head.known.isRepeated(.other))
    }

    /// Names that differ in one bit, by one letter more or less, or by `_` for `-` are other names: a second parser
    /// that takes them for the same would see another request.
    @Test func neighboursAreOthers() {
        for (name, text) in Self.names where name != .other {
            let bytes = Array(text.utf8)
            var neighbours: [[UInt8]] = [
                bytes + [0x78], [0x78] + bytes, Array(bytes.dropLast()), Array(bytes.dropFirst()),
            ]
            for index in bytes.indices {
                for bit in 0..<7 {
                    var neighbour = bytes
                    neighbour[index] ^= 1 << bit
                    neighbours.append(neighbour)
                }
                var underscored = bytes
                if bytes[index] == UInt8(ascii: "-") { underscored[index] = UInt8(ascii: "_") }
                if underscored != bytes { neighbours.append(underscored) }
            }
            for neighbour in neighbours {
                let isSame = neighbour.map(Self.lowercase) == bytes
                // A name that is no token is refused: then there is no head at all.
                guard let found = found(neighbour, value: "0") else { continue }
                let expected = isSame ? name : Self.expected(neighbour)
                #expect(found == expected, "\(WireReading.ascii(neighbour)), a neighbour of \(text)")
            }
        }
    }

    /// The two families of names with a prefix, and otherwise nothing.
    private static func expected(_ name: [UInt8]) -> HeaderName {
        let text = String(decoding: name.map(lowercase), as: UTF8.self)
        if let known = names.first(where: { $0.1 == text }) { return known.0 }
        if text.hasPrefix("mcp-param-"), text.utf8.count > "mcp-param-".utf8.count { return .mcpParam }
        return text.hasPrefix("access-control-allow-") ? .accessControlAllow : .other
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

    @Test func families() {
        for (text, name): (String, HeaderName) in [
            ("Mcp-Param-region", .mcpParam), ("MCP-PARAM-X-Y", .mcpParam), ("mcp-param-", .other),
            ("mcp-param", .other), ("mcp-params-x", .other), ("mcp-parameter", .other),
            ("Access-Control-Allow-Methods", .accessControlAllow), ("access-control-allow", .other),
            ("Access-Control-Allow-Private-Network", .accessControlAllow), ("access-control-max-age", .other),
        ] {
            #expect(found(Array(text.utf8)) == name, "\(text)")
        }
    }

    /// What framing and connection handling depend on never travels on.
    @Test func connectionNamesAreHopByHop() {
        let hopByHop = Set(HeaderName.allCases.filter(\.isHopByHop))
        #expect(
            hopByHop == [
                .connection, .contentLength, .expect, .keepAlive, .proxyAuthenticate, .proxyAuthorization,
                .proxyConnection, .te, .trailer, .transferEncoding, .upgrade,
            ])
    }
}
