// What the keys of a cluster come to: peers, names, secrets, and the name of a node. Wording of failures is in the
// golden files.

import GatewayConfig
import Testing

@Suite struct ClusterTests {
    private let environment = ["S": strongSecret]

    private func cluster(_ keys: String) throws -> GatewayConfiguration.Cluster {
        let text = "secret: ${env:S}\ncluster: {transport: http, \(keys)}\n" + smallUpstream
        return try load(text, environment: environment).configuration.cluster
    }

    @Test func memoryIsTheDefaultAndHasNoPeers() throws {
        let cluster = try load(smallUpstream).configuration.cluster
        #expect(cluster.transport == .memory)
        #expect(cluster.http == nil)
        #expect(!cluster.takesAttachments)
    }

    @Test func peersAreHostsAndPorts() throws {
        let http = try #require(try cluster("listen: '0.0.0.0:7001', peers: ['http://B:1/', 'http://[::1]:80']").http)
        #expect(http.listen == Address(host: "0.0.0.0", port: 7001))
        #expect(http.peers.map(\.host) == ["b", "::1"])
        #expect(http.peers.map(\.port) == [1, 80])
        #expect(http.peers.map(\.description) == ["http://b:1", "http://[::1]:80"])
        #expect(http.dns == nil)
    }

    @Test(arguments: [("n.internal", 7001), ("n.internal:9", 9), ("N.Internal:9", 9)])
    func nameHasThePortOfListenUnlessItHasItsOwn(_ written: String, _ port: Int) throws {
        let http = try #require(try cluster("listen: '127.0.0.1:7001', dns: '\(written)'").http)
        #expect(http.dns == Address(host: "n.internal", port: port))
        #expect(http.peers == [])
    }

    @Test func sixtyFourPeersAreAllowed() throws {
        let peers = (1...64).map { "'http://127.0.0.1:\(8000 + $0)'" }.joined(separator: ", ")
        #expect(try cluster("listen: '127.0.0.1:7001', peers: [\(peers)]").http?.peers.count == 64)
    }

    @Test func whoListensForPeersNeedsNoConsent() throws {
        let text = "secret: ${env:S}\ncluster: {transport: http, listen: '0.0.0.0:7001', peers: []}\n" + smallUpstream
        #expect(try load(text, environment: environment).warnings == [])
    }

    @Test(arguments: [
        ("", "node"), ("gateway-1", "gateway-1"), ("Gateway.local", "Gateway.local"), ("a b/c", "a-b-c"),
        (String(repeating: "x", count: 65), String(repeating: "x", count: 64)), ("é", "--"),
    ])
    func nodeNameFollowsTheHost(_ host: String, _ name: String) throws {
        #expect(try load(smallUpstream).configuration.nodeName(onHost: host) == name)
        let named = try load("node_name: n1\n" + smallUpstream).configuration
        #expect(named.nodeName(onHost: host) == "n1")
    }

    @Test(arguments: [("", "node-7001"), ("a b", "a-b-7001"), (String(repeating: "x", count: 65), nil)])
    func nodesOfOneHostDifferByTheirPort(_ host: String, _ name: String?) throws {
        let keys = "listen: '127.0.0.1:7001', peers: []"
        let text = "secret: ${env:S}\ncluster: {transport: http, \(keys)}\n" + smallUpstream
        let derived = try load(text, environment: environment).configuration.nodeName(onHost: host)
        #expect(derived == name ?? String(repeating: "x", count: 59) + "-7001")
    }

    @Test(arguments: ["cluster.listen", "cluster.peers[]", "cluster.dns"])
    func diagnosticsHideReferences(_ path: String) {
        let key = path.dropFirst(8).replacing("[]", with: "")
        let value = path.hasSuffix("[]") ? "['${env:X}', '${env:X}']" : "'${env:X}'"
        let other = key == "listen" ? "peers: []" : "listen: '127.0.0.1:7001'"
        for content in ["hunter2 ", "http://hunter2.internal:7001", "hunter2.internal"] {
            let text = "secret: ${env:S}\ncluster: {transport: http, \(other), \(key): \(value)}\n" + smallUpstream
            let found = diagnostics(text, environment: environment.merging(["X": content]) { _, new in new })
            #expect(!found.contains { $0.description.contains("hunter2") })
        }
    }

    @Test func loopbackWarningHidesReferences() {
        let text = "secret: ${env:S}\ncluster: {transport: http, listen: '${env:L}', peers: ['http://b:1']}\n"
            + smallUpstream
        let found = diagnostics(text, environment: environment.merging(["L": "127.77.0.1:7001"]) { _, new in new })
        #expect(found.count == 1)
        #expect(found.allSatisfy { !$0.description.contains("77") })
    }
}
