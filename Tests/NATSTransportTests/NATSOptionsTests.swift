// What is refused of the settings before anything is connected.
import NIOCore
import Testing

@testable import NATSTransport

@Suite("NATS: options")
struct NATSOptionsTests {
    private func problem(_ change: (inout NATSOptions) -> Void) -> String? {
        var options = NATSOptions(urls: ["nats://127.0.0.1:4222"], secrets: [Array(repeating: 1, count: 32)])
        change(&options)
        return options.problem
    }

    @Test("Defaults with one address and one secret can run")
    func defaults() {
        #expect(problem { _ in } == nil)
        #expect(problem { $0.urls = ["tls://a:1", "nats://[::1]:4222"] } == nil)
    }

    @Test(
        "An address is nats:// or tls:// and has no room for a user or a second address",
        arguments: [
            "", "nats://", "http://a:1", "nats://user:password@a:1", "nats://a:1,nats://b:1", "nats://a b",
            "nats://a\n",
        ])
    func addresses(_ url: String) { #expect(problem { $0.urls = [url] } != nil) }

    @Test("There are 1 to 16 addresses")
    func addressCount() {
        #expect(problem { $0.urls = [] } != nil)
        #expect(problem { $0.urls = Array(repeating: "nats://a:1", count: 16) } == nil)
        #expect(problem { $0.urls = Array(repeating: "nats://a:1", count: 17) } != nil)
    }

    @Test("Only one way to say who this side is, and whole")
    func identity() {
        #expect(problem { $0.user = "a" } != nil)
        #expect(problem { ($0.user, $0.password) = ("a", "b") } == nil)
        #expect(problem { ($0.user, $0.password, $0.token) = ("a", "b", "c") } != nil)
        #expect(problem { ($0.credentialsFile, $0.nkeySeedFile) = ("a", "b") } != nil)
        #expect(problem { $0.tls = NATSOptions.TLS(); $0.tls?.keyFile = "key.pem" } != nil)
        #expect(problem { $0.secrets = [] } != nil)
        #expect(problem { $0.secrets = [[]] } != nil)
    }

    @Test("Names stay within the letters of subjects, and follow the prefix unless they were chosen")
    func names() {
        for prefix in ["", "a.b", "a*", ">", "a b", "é", String(repeating: "a", count: 33)] {
            #expect(problem { $0.prefix = prefix } != nil, "\(prefix)")
        }
        var options = NATSOptions(urls: [], secrets: [])
        options.logStream = "mine"
        options.prefix = "other"
        #expect(options.bucket == "other-sessions")
        #expect(options.logStream == "mine")
    }

    @Test("Each queue has room for one envelope at least")
    func bounds() {
        #expect(problem { $0.envelopeBytesMax = 1024 } != nil)
        #expect(problem { $0.queueBytesMax = $0.envelopeBytesMax - 1 } != nil)
        #expect(problem { $0.replicas = 6 } != nil)
        #expect(problem { $0.reconnectMax = .zero } != nil)
    }
}
