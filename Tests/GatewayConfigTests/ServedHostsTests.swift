// Under which names a node is served: what reference.yaml and the warning at start say.

import GatewayConfig
import Testing

@Suite struct ServedHostsTests {
    private let loopback = ["localhost", "127.0.0.1", "[::1]"]

    private func hosts(_ listen: String, _ allowed: String = "[]") throws -> [String] {
        let text = "listen: '\(listen)'\nallow_anonymous: true\nallowed_hosts: \(allowed)\n" + smallUpstream
        return try load(text).configuration.servedHosts
    }

    /// No address lets every Host in by itself.
    @Test(arguments: ["0.0.0.0:80", "[::]:80", "[0:0::]:80"])
    func wildcardsAddNothing(_ listen: String) throws {
        #expect(try hosts(listen) == loopback)
        #expect(try hosts(listen, "[Mcp.Example.com, '[::2]:8080']") == loopback + ["mcp.example.com", "[::2]:8080"])
    }

    @Test(arguments: [
        ("10.0.0.1:80", "10.0.0.1"), ("[2001:DB8::1]:80", "[2001:db8::1]"), ("Node.internal:80", "node.internal"),
        ("127.0.0.9:80", "127.0.0.9"),
    ])
    func anAddressIsANameOfItsOwn(_ listen: String, _ own: String) throws {
        #expect(try hosts(listen) == loopback + [own])
    }

    @Test func aStarServesEveryHost() throws {
        #expect(try hosts("0.0.0.0:80", "['*']") == loopback + ["*"])
        let printed = try load("allowed_hosts: ['*']\n" + smallUpstream).render()
        #expect(try load(printed).configuration.allowedHosts == ["*"])
    }

    /// Also on loopback, where it lets web pages in.
    @Test(arguments: ["127.0.0.1:80", "0.0.0.0:80"])
    func aStarIsAWarning(_ listen: String) throws {
        let text = "listen: '\(listen)'\nallow_anonymous: true\nallowed_hosts: ['*']\n" + smallUpstream
        #expect(try load(text).warnings.filter { $0.line == 3 }.map { $0.text.contains("DNS rebinding") } == [true])
    }

    @Test func onlyAddressesThatOthersReachNeedNames() throws {
        for (listen, isNeeded) in [("0.0.0.0:80", true), ("10.0.0.1:80", true), ("127.0.0.1:80", false)] {
            let text = "listen: '\(listen)'\nallow_anonymous: true\n" + smallUpstream
            let found = try load(text).warnings.filter { $0.text.contains("allowed_hosts is empty") }
            #expect(found.count == (isNeeded ? 1 : 0))
            #expect(found.allSatisfy { $0.text.contains("allowed_hosts: [mcp.example.com]") })
        }
    }
}
