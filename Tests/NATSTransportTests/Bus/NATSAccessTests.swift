// Who may come in: every way to say who this side is, and TLS, against real servers that demand them.
#if NATS
import Foundation
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("NATS: access", .timeLimit(.minutes(2)))
struct NATSAccessTests {
    private func bench(_ lines: String, scheme: String = "nats") throws -> BusBench {
        var settings = NATSServer.Settings()
        settings.hasJetStream = false
        settings.lines = lines
        settings.scheme = scheme
        return try BusBench(settings)
    }

    /// Starts two members with these options and lets one hear the other.
    private func works(_ bench: BusBench, _ change: (inout NATSOptions) -> Void) async throws {
        let (one, two) = (try await bench.join(change), try await bench.join(change))
        let listener = try await bench.listen(two, to: .everyone)
        try one.bus.say("hello", to: .everyone)
        try await bench.eventually("hello") { listener.texts == ["hello"] }
    }

    /// A refusal says why, and does not wait for the server to change its mind.
    private func fails(_ bench: BusBench, saying: String, _ change: (inout NATSOptions) -> Void) async throws {
        let start = NIODeadline.now()
        let text = try #require(
            try await bench.startFailure {
                $0.startWithin = .seconds(60)
                change(&$0)
            })
        #expect(text.localizedCaseInsensitiveContains(saying), "\(text)")
        #expect(!text.contains("wrong-secret"))
        #expect(NIODeadline.now() - start < .seconds(30))
    }

    @Test("User and password")
    func user() async throws {
        try await bench("authorization { user: ada, password: \"correct-secret\" }").run { bench in
            try await works(bench) { ($0.user, $0.password) = ("ada", "correct-secret") }
            try await fails(bench, saying: "authorization") { ($0.user, $0.password) = ("ada", "wrong-secret") }
            try await fails(bench, saying: "authorization") { _ in }
        }
    }

    @Test("Token")
    func token() async throws {
        try await bench("authorization { token: \"correct-secret\" }").run { bench in
            try await works(bench) { $0.token = "correct-secret" }
            try await fails(bench, saying: "authorization") { $0.token = "wrong-secret" }
        }
    }

    @Test("An nkey from the file with its seed")
    func nkey() async throws {
        try await bench("authorization { users: [ { nkey: \(NATSNamesTests.publicKey) } ] }").run { bench in
            let file = bench.server.folder.appendingPathComponent("user.nk").path
            try NATSNamesTests.seed.write(toFile: file, atomically: true, encoding: .utf8)
            try await works(bench) { $0.nkeySeedFile = file }
            try await fails(bench, saying: "cannot be read") { $0.nkeySeedFile = file + ".not" }
            try TrustedUser.seed.write(toFile: file, atomically: true, encoding: .utf8)
            try await fails(bench, saying: "authorization") { $0.nkeySeedFile = file }
        }
    }

    @Test("A credentials file")
    func credentials() async throws {
        try await bench(TrustedUser.serverLines).run { bench in
            let file = bench.server.folder.appendingPathComponent("user.creds").path
            try TrustedUser.credentials.write(toFile: file, atomically: true, encoding: .utf8)
            try await works(bench) { $0.credentialsFile = file }
            try await fails(bench, saying: ".not") { $0.credentialsFile = file + ".not" }
        }
    }

    @Test("A user who may not use the prefix is told at the start what it needs")
    func permissions() async throws {
        let lines = """
            authorization { users: [
                { user: all, password: x, permissions: { publish: "mine.>", subscribe: "mine.>" } }
                { user: mute, password: x, permissions: { publish: "_INBOX.>", subscribe: ">" } }
                { user: deaf, password: x, permissions: { publish: ">", subscribe: "other.>" } } ] }
            """
        try await bench(lines).run { bench in
            try await works(bench) { ($0.user, $0.password, $0.prefix) = ("all", "x", "mine") }
            for user in ["mute", "deaf"] {
                let text = try await bench.startFailure { ($0.user, $0.password) = (user, "x") }
                #expect(text?.contains("patchbay.>") == true, "\(text ?? "it started")")
            }
        }
    }

    @Test("A subscription that the server does not allow says which permission is missing")
    func subscriptionPermission() async throws {
        let lines = """
            authorization { users: [ { user: ada, password: x,
                permissions: { publish: ">", subscribe: { allow: "patchbay.>", deny: "patchbay.all" } } } ] }
            """
        try await bench(lines).run { bench in
            let one = try await bench.join { ($0.user, $0.password) = ("ada", "x") }
            _ = try await bench.listen(one, to: .topic("allowed"))
            let error = await #expect(throws: TransportError.self) { _ = try await bench.listen(one, to: .everyone) }
            #expect(error?.message.contains("patchbay.all") == true)
        }
    }

    @Test("No server: the start fails after its time, and says what was tried")
    func nobody() async throws {
        try await bench("").run { bench in
            let url = bench.server.url
            bench.server.kill()
            let text = try await bench.startFailure { $0.startWithin = .milliseconds(300) }
            #expect(text?.contains(url) == true, "\(text ?? "it started")")
        }
    }

    @Test("TLS: an authority of one's own, the server's name, a certificate for this side")
    func tls() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = try TestAuthority(folder: folder)
        try authority.sign("server", names: "IP:127.0.0.1,DNS:bus.test")
        try authority.sign("client", names: "DNS:client.test")
        let files = "cert_file: \"\(authority.certificate("server"))\", key_file: \"\(authority.key("server"))\""
        try await bench("tls { \(files) }", scheme: "tls").run { bench in
            try await works(bench) { $0.tls = .with { $0.caFile = authority.file } }
            try await works(bench) {
                $0.urls = [bench.server.url.replacing("tls://", with: "nats://")]
                $0.tls = .with { ($0.caFile, $0.serverName) = (authority.file, "bus.test") }
            }
            try await works(bench) { $0.tls = .with { $0.verifies = false } }
            try await fails(bench, saying: "SSL") { _ in }
            try await fails(bench, saying: "SSL") {
                $0.tls = .with { ($0.caFile, $0.serverName) = (authority.file, "other.test") }
            }
            try await fails(bench, saying: "SSL") { $0.urls = [bench.server.url.replacing("tls://", with: "nats://")] }
            try await fails(bench, saying: "/no/such.pem") { $0.tls = .with { $0.caFile = "/no/such.pem" } }
        }
        let demand = "tls { \(files), ca_file: \"\(authority.file)\", verify: true }"
        try await bench(demand, scheme: "tls").run { bench in
            try await works(bench) {
                $0.tls = .with {
                    $0.caFile = authority.file
                    ($0.certificateFile, $0.keyFile) = (authority.certificate("client"), authority.key("client"))
                }
            }
            let text = try await bench.startFailure {
                $0.startWithin = .seconds(1)
                $0.tls = .with { $0.caFile = authority.file }
            }
            #expect(text != nil)
        }
    }
}

extension NATSOptions.TLS {
    fileprivate static func with(_ change: (inout NATSOptions.TLS) -> Void) -> NATSOptions.TLS {
        var tls = NATSOptions.TLS()
        change(&tls)
        return tls
    }
}

#endif
