// What is refused of the settings before anything is connected.
#if Redis
import NIOCore
import Testing

@testable import RedisTransport

@Suite("Redis: options")
struct RedisOptionsTests {
    private func problem(_ change: (inout RedisOptions) -> Void) -> String? {
        var options = RedisOptions(host: "127.0.0.1", secrets: [Array(repeating: 1, count: 32)])
        change(&options)
        return options.problem
    }

    @Test("Defaults with one host and one secret can run")
    func defaults() {
        #expect(problem { _ in } == nil)
        #expect(problem { $0.host = "redis.test" } == nil)
        #expect(problem { ($0.host, $0.port) = ("::1", 65_535) } == nil)
        #expect(problem { $0.secrets.append([1, 2]) } == nil)
        #expect(problem { ($0.user, $0.password, $0.database) = ("ada", "x", 15) } == nil)
        #expect(problem { $0.password = "x" } == nil)
    }

    @Test(
        "A prefix is letters, digits, dash and underscore: nothing that parts names or is a pattern",
        arguments: [
            "", "a:b", ":", "a*", "*", "a?", "[a]", "a b", "a\r\nFLUSHALL", "a\0", "é", "{a}", "a.b", "a/b",
            String(repeating: "a", count: 33), "e\u{301}", "\u{FF41}",
        ])
    func hostilePrefix(_ prefix: String) { #expect(problem { $0.prefix = prefix }?.contains("prefix") == true) }

    @Test("Prefixes that are fine", arguments: ["p", "patchbay", "A-z_09", String(repeating: "a", count: 32)])
    func prefix(_ prefix: String) { #expect(problem { $0.prefix = prefix } == nil) }

    @Test("A host is a name or an address, without blanks or control characters")
    func hosts() {
        for host in ["", "a b", "a\r\n", "a\0b", "é.test", String(repeating: "a", count: 254)] {
            #expect(problem { $0.host = host } != nil, "\(host)")
        }
        for port in [0, -1, 65_536, .min, .max] { #expect(problem { $0.port = port } != nil, "\(port)") }
        #expect(problem { $0.database = -1 } != nil)
    }

    @Test("Who this side is, is said whole")
    func identity() {
        #expect(problem { $0.user = "ada" } != nil)
        #expect(problem { $0.secrets = [] } != nil)
        #expect(problem { $0.secrets = [[]] } != nil)
        #expect(problem { $0.secrets = [[1], []] } != nil)
        #expect(problem { $0.secrets = [[1], [2], [3]] } != nil)
        var tls = RedisOptions.TLS()
        tls.keyFile = "key.pem"
        #expect(problem { $0.tls = tls } != nil)
        tls.certificateFile = "cert.pem"
        #expect(problem { $0.tls = tls } == nil)
        tls.keyFile = nil
        #expect(problem { $0.tls = tls } != nil)
    }

    @Test("Each queue has room for one envelope or append at least, and times are not nothing")
    func bounds() {
        let changes: [(inout RedisOptions) -> Void] = [
            { $0.envelopeBytesMax = 1024 }, { $0.queueBytesMax = $0.envelopeBytesMax - 1 },
            { $0.heldBytesMax = $0.envelopeBytesMax - 1 }, { $0.partialBytesMax = $0.envelopeBytesMax - 1 },
            { $0.pieceBytesMax = 4_095 }, { $0.eventBytesMax = 1024 }, { $0.callBytesMax = $0.logEntryBytesMax },
            { $0.reconnectFirst = .zero }, { $0.reconnectMax = .milliseconds(1) }, { $0.pingEvery = .zero },
            { $0.replyTimeout = .zero }, { $0.recordLifetimeMax = .milliseconds(999) },
        ]
        for (place, change) in changes.enumerated() { #expect(problem(change) != nil, "change \(place)") }
    }

    @Test("The place of a server, for people")
    func place() {
        #expect(RedisOptions(host: "::1", port: 7, secrets: []).place == "[::1]:7")
        #expect(RedisOptions(host: "redis.test", secrets: []).place == "redis.test:6379")
    }
}
#endif
