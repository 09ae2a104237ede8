// Which Host and Origin come in: names are compared whole, ports only where the pattern allows them.

import Testing

@testable import GatewayCore

@Suite struct AccessPolicyTests {
    private func allowsHost(_ policy: AccessPolicy, _ value: String) -> Bool {
        Array(value.utf8).withUnsafeBytes { policy.allowsHost($0) }
    }

    private func allowsOrigin(_ policy: AccessPolicy, _ value: String) -> Bool {
        Array(value.utf8).withUnsafeBytes { policy.allowsOrigin($0) }
    }

    @Test(arguments: [
        "localhost", "LOCALHOST", "LocalHost:8080", "localhost:1", "localhost:65535", "127.0.0.1", "127.0.0.1:9000",
        "[::1]", "[::1]:8080",
    ])
    func loopbackAllows(_ host: String) { #expect(allowsHost(.loopback, host)) }

    @Test(arguments: [
        "", " ", "localhost.evil", "localhost.evil:80", "localhost.", "evil.localhost", "localhos", "localhost:",
        "localhost:x", "localhost:80x", "localhost:123456", "localhost:80:80", "localhost@evil", "localhost:80@evil",
        "127.0.0.10", "127.0.0.1.evil", "127.0.0.1:evil", "::1", "[::1", "[::1]x", "[::1]:", "[::1].evil", "[::2]",
        "0.0.0.0", "evil.example", "locÃlhost",
    ])
    func loopbackRefuses(_ host: String) { #expect(!allowsHost(.loopback, host)) }

    @Test(arguments: [
        "http://localhost", "http://localhost:3000", "https://localhost:3000", "HTTP://LOCALHOST:1",
        "http://127.0.0.1:6274", "http://[::1]:6274", "https://[::1]",
    ])
    func loopbackAllowsOrigin(_ origin: String) { #expect(allowsOrigin(.loopback, origin)) }

    @Test(arguments: [
        "", "null", "*", "localhost", "http://localhost.evil", "http://localhost:80.evil", "http://evil.example",
        "ftp://localhost", "http://localhost/", "http://localhost:80/", "http://localhost@evil.example",
        "http://evil.example?http://localhost", "http://[::1].evil", "file://",
    ])
    func loopbackRefusesOrigin(_ origin: String) { #expect(!allowsOrigin(.loopback, origin)) }

    @Test func aNameAloneAllowsEveryPortAndAPortOnlyItself() {
        let policy = AccessPolicy(hosts: ["a.example", "b.example:8443", "c.example:*"], origins: [])
        #expect(allowsHost(policy, "a.example:1"))
        #expect(allowsHost(policy, "a.example"))
        #expect(allowsHost(policy, "b.example:8443"))
        #expect(!allowsHost(policy, "b.example"))
        #expect(!allowsHost(policy, "b.example:84430"))
        #expect(!allowsHost(policy, "b.example:8444"))
        #expect(allowsHost(policy, "c.example:7"))
        #expect(allowsHost(policy, "c.example"))
    }

    @Test func anIPv6NameWithPortAllowsThatPortOnly() {
        let policy = AccessPolicy(hosts: ["[2001:db8::1]:8443", "[2001:db8::2]"], origins: [])
        #expect(allowsHost(policy, "[2001:DB8::1]:8443"))
        #expect(!allowsHost(policy, "[2001:db8::1]"))
        #expect(!allowsHost(policy, "[2001:db8::1]:8444"))
        #expect(allowsHost(policy, "[2001:db8::2]:1"))
        #expect(allowsHost(policy, "[2001:db8::2]"))
    }

    @Test func anOriginWithoutPortAllowsNoOther() {
        let policy = AccessPolicy(hosts: [], origins: ["https://app.example", "http://dev.example:*"])
        #expect(allowsOrigin(policy, "https://app.example"))
        #expect(allowsOrigin(policy, "https://APP.example"))
        #expect(!allowsOrigin(policy, "https://app.example:8443"))
        #expect(!allowsOrigin(policy, "http://app.example"))
        #expect(!allowsOrigin(policy, "https://app.example.evil"))
        #expect(allowsOrigin(policy, "http://dev.example:5173"))
        #expect(!allowsOrigin(policy, "http://dev.example:5173/"))
    }

    @Test func noListOfHostsAllowsEveryHostAndAStarEveryOrigin() {
        let open = AccessPolicy(hosts: nil, origins: ["*"])
        #expect(allowsHost(open, "anything"))
        #expect(allowsHost(open, ""))
        #expect(allowsOrigin(open, "https://anything.example"))
        let closed = AccessPolicy(hosts: [], origins: [])
        #expect(!allowsHost(closed, "anything"))
        #expect(!allowsOrigin(closed, "https://anything.example"))
    }
}
