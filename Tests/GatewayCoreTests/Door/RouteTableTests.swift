// Paths of the client's door, compared byte by byte.

import Testing

@testable import GatewayCore

@Suite struct RouteTableTests {
    private func find(_ table: RouteTable, _ path: String) -> String? {
        let endpoint = Array(path.utf8).withUnsafeBytes { table.find($0) }
        return switch endpoint {
        case .streamable(let group): "streamable \(group.path)"
        case .stream(let group): "stream \(group.path)"
        case .messages(let group): "messages \(group.path)"
        case nil: nil
        }
    }

    @Test func offersTheOldTransportWhereAnInstanceHasIt() {
        let table = RouteTable([
            Sessions.group(1, hasStreamEndpoint: true), Sessions.group(1, hasStreamEndpoint: true, path: "/weather"),
            Sessions.group(1, path: "/plain"),
        ])
        #expect(find(table, "/mcp") == "streamable /mcp")
        #expect(find(table, "/mcp/sse") == "stream /mcp")
        #expect(find(table, "/sse") == "stream /mcp")
        #expect(find(table, "/mcp/messages") == "messages /mcp")
        #expect(find(table, "/weather") == "streamable /weather")
        #expect(find(table, "/weather/sse") == "stream /weather")
        #expect(find(table, "/weather/messages") == "messages /weather")
        #expect(find(table, "/plain") == "streamable /plain")
        #expect(find(table, "/plain/sse") == nil)
        #expect(find(table, "/plain/messages") == nil)
    }

    @Test func servesAnUpstreamAtTheRoot() {
        let table = RouteTable([Sessions.group(1, hasStreamEndpoint: true, path: "/")])
        #expect(find(table, "/") == "streamable /")
        #expect(find(table, "/sse") == "stream /")
        #expect(find(table, "/messages") == "messages /")
    }

    @Test(arguments: ["", "/", "/MCP", "/mcp/", "/mcp/x", "/mc", "/mcpx", "//mcp", "/%6Dcp", "/mcp/sse", "/sse"])
    func findsNothingElse(_ path: String) {
        #expect(find(RouteTable([Sessions.group(1)]), path) == nil)
    }
}
