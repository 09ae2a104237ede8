// Which header lines of an answer reach a client: those of an allow-list, and those that the operator names. The others
// would command the proxy in front of the gateway, or the client's browser, in the gateway's name.

import NIOCore
import TransportAPI
import Testing

@testable import HTTPTransport

@Suite(.timeLimit(.minutes(1))) struct AnswerLineTests {
    private static let passing = [
        "Content-Type", "Content-Encoding", "Content-Language", "Date", "Vary", "Allow", "Retry-After",
        "WWW-Authenticate", "MCP-Protocol-Version", "traceparent", "tracestate", "RateLimit", "RateLimit-Policy",
    ]

    /// Names that an operator may let through.
    private static let commanding = [
        "X-Accel-Redirect", "X-Accel-Expires", "X-Accel-Limit-Rate", "X-Accel-Charset", "X-Accel-Buffering",
        "X-Sendfile", "X-LIGHTTPD-send-file", "X-Reproxy-URL", "Alt-Svc", "Strict-Transport-Security",
        "Clear-Site-Data", "Set-Cookie", "Set-Cookie2", "Refresh", "Location", "Content-Location", "Link",
        "Content-Disposition", "Content-Security-Policy", "Public-Key-Pins", "NEL", "Report-To", "Server",
        "Service-Worker-Allowed", "SourceMap", "Via", "Warning", "Age", "Expires", "Pragma", "Surrogate-Control",
        "Surrogate-Key", "CDN-Cache-Control", "Edge-Control", "X-Patchbay-Node", "X-Request-Id", "X-Own", "Cookie",
        "X-Forwarded-For", "Forwarded", "Host", "Authorization", "Mcp-Param-x", "Authentication-Info", "ETag",
    ]

    /// Names that never pass.
    private static let barred = [
        "Mcp-Session-Id", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Access-Control-Max-Age",
        "Access-Control-Allow-Credentials", "Keep-Alive", "Proxy-Authenticate", "Proxy-Connection", "Trailer", "TE",
        "Upgrade", "Content-Length", "Transfer-Encoding", "Connection",
    ]

    private static func lines(_ names: [String]) -> String {
        names.filter { !["Content-Type", "Content-Length", "Transfer-Encoding", "Connection"].contains($0) }
            .map { "\($0): 1\r\n" }.joined()
    }

    private static func options(_ names: [String]) -> HTTPOptions {
        var options = HTTPOptions()
        options.answerHeaders = names.map { Array($0.lowercased().utf8) }
        return options
    }

    /// The names that come through, in their order.
    private func names(_ answer: String, _ options: HTTPOptions = HTTPOptions()) async throws -> [String] {
        var found: [String] = []
        try await Bench.run(options: options, reply: { _, _ in .bytes(answer) }) { bench in
            let outcome = try await bench.exchange()
            #expect(outcome.isEnded && outcome.lines.hasSuffix("\r\n"))
            let lines = outcome.lines.split(separator: "\r\n")
            found = lines.compactMap { $0.split(separator: ":").first.map(String.init) }
        }
        return found
    }

    @Test func onlyWhatIsForTheClientPasses() async throws {
        let all = Self.barred + Self.commanding + Self.passing
        #expect(try await names(Bench.ok("ok", Self.lines(all))) == Self.passing)
    }

    @Test func caseAndRepetitionDoNotMatter() async throws {
        let lines = Self.lines(["VARY", "vary", "x-accel-redirect", "X-ACCEL-REDIRECT", "retry-AFTER"])
        #expect(try await names(Bench.ok("ok", lines)) == ["Content-Type", "VARY", "vary", "retry-AFTER"])
    }

    @Test func theOperatorLetsNamesThrough() async throws {
        let all = Self.commanding + ["X-Others"] + Self.barred
        let found = try await names(Bench.ok("ok", Self.lines(all)), Self.options(Self.commanding))
        #expect(found == ["Content-Type"] + Self.commanding)
    }

    @Test func someNamesNeverPass() async throws {
        let answer = Bench.ok("ok", Self.lines(Self.barred))
        #expect(try await names(answer, Self.options(Self.barred)) == ["Content-Type"])
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: x\r\n\r\n0\r\n\r\n"
        #expect(try await names(chunks, Self.options(Self.barred)) == ["Date"])
    }

    @Test func aListedNameIsTheWholeName() async throws {
        let listed = Self.options(["x-own"])
        let lines = Self.lines(["X-OWN", "X-Ow", "X-Owns", "X_Own", "x-Own"])
        #expect(try await names(Bench.ok("ok", lines), listed) == ["Content-Type", "X-OWN", "x-Own"])
    }

    @Test func whatConnectionNamesIsForOneConnection() async throws {
        let lines = "Connection: keep-alive, X-Own, Retry-After\r\nX-Own: 1\r\nRetry-After: 3\r\nVary: a\r\n"
        #expect(try await names(Bench.ok("ok", lines), Self.options(["x-own"])) == ["Content-Type", "Vary"])
    }

    @Test func theGatewayDecidesHowEventStreamsAreKept() async throws {
        let lines = "Cache-Control: max-age=1\r\nX-Accel-Buffering: yes\r\nDate: x\r\n"
        let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\(lines)\r\n"
        let event = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\(lines)\r\ndata: 1\n\n"
        let listed = Self.options(["cache-control", "x-accel-buffering"])
        #expect(try await names(event, listed) == ["Content-Type", "Date"])
        #expect(try await names(Bench.ok("ok", lines)) == ["Content-Type", "Cache-Control", "Date"])
        // Without a body there is no stream that one could keep.
        #expect(try await names(stream) == ["Content-Type", "Cache-Control", "Date"])
    }

    @Test func theSessionIDIsTold() async throws {
        let answer = Bench.ok("ok", "Mcp-Session-Id: secret\r\n")
        try await Bench.run(reply: { _, _ in .bytes(answer) }) { bench in
            let outcome = try await bench.exchange()
            #expect(outcome.sessionID == "secret" && !outcome.lines.contains("secret"))
        }
    }
}
