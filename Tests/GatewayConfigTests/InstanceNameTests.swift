// How instances are named that nobody has named: never by anything that may be secret, and never two of them alike.

import GatewayConfig
import Testing

@Suite struct InstanceNameTests {
    private func names(_ instances: String...) throws -> [String] {
        let list = instances.joined(separator: ", ")
        let loaded = try load("upstreams: [{name: main, instances: [\(list)]}]\n")
        return try #require(loaded.configuration.upstreams.first).instanceNames
    }

    @Test func namesAreIDsOrPlaces() throws {
        let found = try names("'http://127.0.0.1:9001/mcp'", "{url: 'https://A:443/', id: two}", "'http://[::1]/x'")
        #expect(found == ["127.0.0.1:9001/mcp", "two", "[::1]/x"])
    }

    @Test func namesHoldNoQuery() throws {
        let found = try names("'http://a/mcp?api_key=hunter2'", "'http://b?hunter2'", "'http://c/?'")
        #expect(found == ["a/mcp", "b/", "c/"])
    }

    /// What is sealed names an instance by a digest of its name.
    @Test func equalNamesAreNumberedInOrder() throws {
        let urls = (1...3).map { "'http://a/mcp?key=\($0)'" }
        #expect(try names(urls[0], "'http://a/other'", urls[1], urls[2]) == ["a/mcp", "a/other", "a/mcp#2", "a/mcp#3"])
        #expect(try names("'http://a/mcp'", "'https://a/mcp'") == ["a/mcp", "a/mcp#2"])
        #expect(try names(urls[0], urls[1]) == names(urls[2], urls[0]), "the place counts, not the query")
    }

    @Test func textsForMessagesHoldNoQuery() throws {
        let url = try URLParts("HTTP://A:80/mcp?api_key=hunter2")
        #expect(url.description == "http://a/mcp")
        #expect("\(url)" == "http://a/mcp")
        #expect(url.path == "/mcp?api_key=hunter2")
        #expect(url.text == "http://a/mcp?api_key=hunter2")
    }

    @Test(arguments: ["http://a/mcp?key=hunter2", "http://a?hunter2", "http://a/mcp?key=hunter2@b"])
    func noMessageHoldsAQuery(_ url: String) throws {
        let texts = [
            "upstreams: [{name: main, instances: ['\(url)', '\(url)']}]",
            "upstreams: [{name: main, instances: [{url: '\(url)', sse_url: 'http://b/sse?hunter2'}]}]",
            "upstreams: [{name: main, instances: ['\(url) ']}]", "upstreams: [{name: '\(url)', instances: ['\(url)']}]",
            "listen: '\(url)'\nallowed_hosts: ['\(url)']\nallowed_origins: ['\(url)']\n" + smallUpstream,
            "cluster: {transport: http, listen: '127.0.0.1:1', dns: '\(url)'}\n" + smallUpstream,
            "'\(url)': 1\n" + smallUpstream,
        ]
        for text in texts {
            let found = diagnostics(text)
            #expect(found.contains { $0.severity == .error }, "\(text)")
            #expect(!found.contains { $0.description.contains("hunter2") }, "\(found)")
        }
        let loaded = try load("upstreams: [{name: main, instances: ['\(url)']}]")
        #expect(!loaded.render().contains("hunter2"))
    }
}
