// The URL and address parsers, by table: what is accepted and its normal form, what is refused and why.

import GatewayConfig
import Testing

typealias URLParts = GatewayConfiguration.URLParts
typealias Address = GatewayConfiguration.Address

@Suite struct URLPartsTests {
    struct Good: Sendable {
        var text: String
        var host: String
        var port: Int
        var path: String
        var normal: String
        var authority: String
        var isTLS = false
    }

    static let good = [
        Good(
            text: "http://127.0.0.1:9001/mcp", host: "127.0.0.1", port: 9001, path: "/mcp",
            normal: "http://127.0.0.1:9001/mcp", authority: "127.0.0.1:9001"),
        Good(text: "http://a", host: "a", port: 80, path: "/", normal: "http://a/", authority: "a"),
        Good(text: "http://a:80/", host: "a", port: 80, path: "/", normal: "http://a/", authority: "a"),
        Good(
            text: "HTTPS://Mcp.Example.COM:443/MCP", host: "mcp.example.com", port: 443, path: "/MCP",
            normal: "https://mcp.example.com/MCP", authority: "mcp.example.com", isTLS: true),
        Good(
            text: "https://a:80/x", host: "a", port: 80, path: "/x", normal: "https://a:80/x", authority: "a:80",
            isTLS: true),
        Good(
            text: "http://[::1]:9001/mcp", host: "::1", port: 9001, path: "/mcp", normal: "http://[::1]:9001/mcp",
            authority: "[::1]:9001"),
        Good(
            text: "http://[2001:DB8:0::0:1]/", host: "2001:db8::1", port: 80, path: "/",
            normal: "http://[2001:db8::1]/", authority: "[2001:db8::1]"),
        Good(
            text: "http://a?b=c/d", host: "a", port: 80, path: "/?b=c/d", normal: "http://a/?b=c/d", authority: "a"),
        Good(
            text: "http://a/p/q;v=1?x=%2Fy&z=a@b:c?", host: "a", port: 80, path: "/p/q;v=1?x=%2Fy&z=a@b:c?",
            normal: "http://a/p/q;v=1?x=%2Fy&z=a@b:c?", authority: "a"),
        Good(text: "http://a/..b/.c?..", host: "a", port: 80, path: "/..b/.c?..", normal: "http://a/..b/.c?..",
            authority: "a"),
        Good(text: "http://my_host-1:1/", host: "my_host-1", port: 1, path: "/", normal: "http://my_host-1:1/",
            authority: "my_host-1:1"),
        Good(text: "http://1a.2b:65535/", host: "1a.2b", port: 65535, path: "/", normal: "http://1a.2b:65535/",
            authority: "1a.2b:65535"),
    ]

    @Test(arguments: good)
    func accepts(_ good: Good) throws {
        let url = try URLParts(good.text)
        #expect(url.host == good.host)
        #expect(url.port == good.port)
        #expect(url.path == good.path)
        #expect(url.text == good.normal)
        #expect(url.authority == good.authority)
        #expect(url.isTLS == good.isTLS)
        #expect(try URLParts(url.text) == url, "the normal form reads back as itself")
    }

    static let bad = [
        ("", "begin with"), ("a", "begin with"), ("//a/", "begin with"), ("ftp://a/", "begin with"),
        ("http:/a", "begin with"), ("http//a", "begin with"), (" http://a", "begin with"), ("https:a", "begin with"),
        ("http://", "no host"), ("http:///mcp", "no host"), ("http://:80/", "no host"), ("http://?x", "no host"),
        ("http://u@a/", "user or password"), ("http://u:p@a/", "user or password"), ("http://@a/", "user or password"),
        ("http://a/#", "fragment"), ("http://a/b#c", "fragment"), ("http://a#b", "fragment"),
        ("http://a:/", "port"), ("http://a:0/", "port 0"), ("http://a:65536/", "port"), ("http://a:080/", "port"),
        ("http://a:-1/", "port"), ("http://a:+1/", "port"), ("http://a: 1/", "port"), ("http://a:8x/", "port"),
        ("http://a:99999999999999999999/", "port"), ("http://a:１/", "port"),
        ("http://a:1:2/", "several colons"), ("http://::1/", "several colons"), ("http://[::1/", "without ']'"),
        ("http://[]/", "IPv6"), ("http://[::1%25eth0]/", "IPv6"), ("http://[127.0.0.1]/", "IPv6"),
        ("http://[::1]x/", "after ']'"), ("http://[::1]80/", "after ']'"), ("http://[12345::]/", "IPv6"),
        ("http://-a/", "neither"), ("http://a-/", "neither"), ("http://a..b/", "neither"), ("http://.a/", "neither"),
        ("http://a./", "neither"), ("http://a b/", "neither"), ("http://a\u{0}b/", "neither"),
        ("http://ä/", "neither"),
        ("http://a\\b/", "neither"), ("http://a%41/", "neither"), ("http://a\r\nb/", "neither"),
        ("http://\(String(repeating: "a", count: 64))/", "neither"),
        ("http://127.1/", "IPv4"), ("http://1.2.3.256/", "IPv4"), ("http://1.2.3.04/", "IPv4"),
        ("http://2130706433/", "IPv4"), ("http://0x7f000001/", "IPv4"), ("http://1.2.3.4.5/", "IPv4"),
        ("http://a/b c", "%XX"), ("http://a/\r\nHost: b", "%XX"), ("http://a/\u{7f}", "%XX"), ("http://a/ü", "%XX"),
        ("http://a/<b>", "%XX"), ("http://a/\\b", "%XX"), ("http://a/[b]", "%XX"), ("http://a/?q=\"", "%XX"),
        ("http://a/%", "two hex"), ("http://a/%2", "two hex"), ("http://a/%2g", "two hex"),
        ("http://a/%%41", "two hex"),
        ("http://a/../b", "'..'"), ("http://a/./b", "'.'"), ("http://a/b/..", "'..'"), ("http://a/..?x", "'..'"),
        ("http://a/" + String(repeating: "b", count: 2040), "longer than 2048"),
    ]

    @Test(arguments: bad)
    func refuses(_ text: String, _ reason: String) throws {
        let problem = try #require(throws: ValueProblem.self) { try URLParts(text) }
        #expect(problem.predicate.contains(reason))
    }

    @Test func longestURLIsAccepted() throws {
        let text = "http://a/" + String(repeating: "b", count: 2048 - 9)
        #expect(try URLParts(text).text == text)
    }
}

@Suite struct AddressTests {
    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"), ("[::1]:8080", "::1", 8080, "[::1]:8080"),
        ("localhost:0", "localhost", 0, "localhost:0"), ("0.0.0.0:65535", "0.0.0.0", 65535, "0.0.0.0:65535"),
        ("Example.COM:1", "example.com", 1, "example.com:1"), ("[0:0::0]:80", "::", 80, "[::]:80"),
    ])
    func accepts(_ text: String, _ host: String, _ port: Int, _ description: String) throws {
        let address = try Address(parsing: text)
        #expect(address == Address(host: host, port: port))
        #expect(address.description == description)
    }

    @Test(arguments: [
        (":8080", "has no host"), ("", "has no host"), ("8080", "IPv4"), ("127.0.0.1", "has no port"),
        ("localhost", "has no port"), ("127.0.0.1:", "port"), ("127.0.0.1:65536", "port"), ("::1:8080", "several"),
        ("::", "several"), ("[::1]", "has no port"), ("127.0.0.1:80/", "port"), ("a b:80", "neither"),
        ("*:80", "neither"), ("http://a:80", "several"),
    ])
    func refuses(_ text: String, _ reason: String) throws {
        let problem = try #require(throws: ValueProblem.self) { try Address(parsing: text) }
        #expect(problem.predicate.contains(reason))
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.255.0.9", true), ("::1", true), ("::ffff:127.0.0.1", true), ("localhost", true),
        ("a.localhost", true), ("0.0.0.0", false), ("::", false), ("128.0.0.1", false), ("10.0.0.1", false),
        ("localhost.example.com", false), ("notlocalhost", false), ("127.example.com", false),
        ("::ffff:10.0.0.1", false), ("", false),
    ])
    func knowsLoopback(_ host: String, _ isLoopback: Bool) {
        #expect(Address(host: host, port: 1).isLoopback == isLoopback)
    }
}
