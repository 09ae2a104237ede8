// TLS towards the server: an authority of one's own, the server's name, a certificate for this side.
#if Redis
import Foundation
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: TLS", .serialized, .timeLimit(.minutes(1)))
struct RedisTLSTests {
    /// A server with a certificate for these names.
    private func run(
        demandsCertificate: Bool = false, names: String = "IP:127.0.0.1,DNS:bus.test",
        _ body: (RedisBench, TestAuthority) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = try TestAuthority(folder: folder)
        try authority.sign("server", names: names)
        try authority.sign("client", names: "DNS:client.test")
        try await RedisBench.run {
            $0.isTLS = true
            $0.lines = """
                tls-cert-file "\(authority.certificate("server"))"
                tls-key-file "\(authority.key("server"))"
                tls-ca-cert-file "\(authority.file)"
                tls-auth-clients \(demandsCertificate ? "yes" : "no")
                """
        } _: { try await body($0, authority) }
    }

    private func works(_ bench: RedisBench, _ change: (inout RedisOptions.TLS) -> Void) async throws {
        let member = try await bench.join {
            var tls = RedisOptions.TLS()
            change(&tls)
            $0.tls = tls
        }
        #expect(try await member.create(.random(), "record").revision != nil)
        try await bench.converse(member, member, on: .everyone)
    }

    /// Options with which nobody comes in, and a word of what is said then.
    private struct Refused {
        var word: String
        var change: @Sendable (inout RedisOptions.TLS) -> Void

        init(saying word: String, _ change: @escaping @Sendable (inout RedisOptions.TLS) -> Void) {
            self.word = word
            self.change = change
        }
    }

    /// Tries them at once, since each of them is tried for a second.
    private func fail(_ bench: RedisBench, _ all: [Refused], place: SourceLocation = #_sourceLocation) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for each in all {
                group.addTask {
                    let text = try await bench.startFailure {
                        ($0.startWithin, $0.connectTimeout) = (.seconds(1), .seconds(1))
                        var tls = RedisOptions.TLS()
                        each.change(&tls)
                        $0.tls = tls
                    }
                    #expect(
                        text?.localizedCaseInsensitiveContains(each.word) == true,
                        "'\(each.word)' expected: \(text ?? "it started")", sourceLocation: place)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test("An authority of one's own is trusted, and no other one")
    func authority() async throws {
        try await run { bench, authority in
            try await works(bench) { $0.caFile = authority.file }
            try await works(bench) { $0.verifies = false }
            let other = try TestAuthority(folder: bench.server.folder.appendingPathComponent("other"))
            try await fail(
                bench,
                [
                    Refused(saying: "certificate") { _ in },
                    Refused(saying: "certificate") { $0.caFile = other.file },
                    Refused(saying: "/no/such.pem") { $0.caFile = "/no/such.pem" },
                ])
        }
    }

    @Test("The certificate must be for the host, or for the name that is configured")
    func names() async throws {
        try await run(names: "DNS:bus.test") { bench, authority in
            try await works(bench) { ($0.caFile, $0.serverName) = (authority.file, "bus.test") }
            try await fail(
                bench,
                [
                    Refused(saying: "hostname") { $0.caFile = authority.file },
                    Refused(saying: "hostname") { ($0.caFile, $0.serverName) = (authority.file, "other.test") },
                ])
        }
        try await run(names: "IP:127.0.0.2") { bench, authority in
            try await fail(bench, [Refused(saying: "hostname") { $0.caFile = authority.file }])
        }
    }

    @Test("A certificate for this side: without one, or with one of somebody else, nobody comes in")
    func clientCertificate() async throws {
        try await run(demandsCertificate: true) { bench, authority in
            try await works(bench) {
                $0.caFile = authority.file
                ($0.certificateFile, $0.keyFile) = (authority.certificate("client"), authority.key("client"))
            }
            let other = try TestAuthority(folder: bench.server.folder.appendingPathComponent("other"))
            try other.sign("client", names: "DNS:client.test")
            try await fail(
                bench,
                [
                    Refused(saying: "certificate") { $0.caFile = authority.file },
                    Refused(saying: "127.0.0.1:\(bench.server.port)") {
                        $0.caFile = authority.file
                        ($0.certificateFile, $0.keyFile) = (other.certificate("client"), other.key("client"))
                    },
                    Refused(saying: "/no/such.pem") {
                        ($0.certificateFile, $0.keyFile) = ("/no/such.pem", authority.key("client"))
                    },
                    Refused(saying: "/no/such.key") {
                        ($0.certificateFile, $0.keyFile) = (authority.certificate("client"), "/no/such.key")
                    },
                ])
        }
    }

    @Test("Without TLS at a server with it, and with it at a server without, the start fails and says where")
    func mixed() async throws {
        try await run { bench, _ in
            let text = try await bench.startFailure {
                ($0.startWithin, $0.connectTimeout) = (.milliseconds(500), .milliseconds(200))
            }
            #expect(text?.contains("127.0.0.1:\(bench.server.port)") == true, "\(text ?? "it started")")
        }
        // It waits for the end of a line, and this side for its half of the handshake.
        try await RedisBench.run { bench in
            try await fail(bench, [Refused(saying: "127.0.0.1:\(bench.server.port)") { _ in }])
        }
    }
}
#endif
