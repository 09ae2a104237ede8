// The operator's door, over a connection as it is in a node.

import GatewayCore
import Logging
import NIOCore
import NIOEmbedded
import SealedBox
import Testing
import TransportAPI

@testable import GatewayHTTP

@Suite struct AdminServiceTests {
    private let channel = EmbeddedChannel()
    private let gateway: Gateway

    init() throws {
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        gateway = Gateway(
            Gateway.Parts(
                upstreams: [], keys: [SealingKey.random()], access: .loopback, member: .unnamed(1), logger: logger))
        _ = try gateway.makeWorker(on: channel.embeddedEventLoop)
        let service = AdminService(gateway: gateway, loop: channel.eventLoop, access: .loopback) {
            var counts = DoorCounts()
            counts.connections = 7
            counts.queuedBytes = 9
            for end in DoorEnd.allCases { counts.ends[end.rawValue] = 10 + end.rawValue }
            return counts
        }
        try channel.pipeline.syncOperations.addHandler(
            HTTP1Connection(table: ConnectionTable(DoorLedger(ListenerOptions())), service: service))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    private func ask(_ text: String) throws -> String {
        try channel.writeInbound(ByteBuffer(string: text))
        channel.embeddedEventLoop.run()
        var answer = ""
        while let bytes = try channel.readOutbound(as: ByteBuffer.self) { answer += String(buffer: bytes) }
        return answer
    }

    @Test func saysThatItLives() throws {
        let answer = try ask(TestClient.get("/livez"))
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("\r\n\r\nok\n"))
        #expect(answer.contains("Cache-Control: no-store\r\n"))
    }

    @Test func saysWhyItIsNotReady() throws {
        #expect(try ask(TestClient.get("/readyz")).hasPrefix("HTTP/1.1 503 "))
        gateway.announceDrain()
        #expect(try ask(TestClient.get("/readyz")).hasSuffix("\r\n\r\ndraining\n"))
        #expect(try ask(TestClient.get("/livez")).hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func writesMetrics() throws {
        let answer = try ask(TestClient.get("/metrics") + TestClient.get("/livez"))
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        #expect(answer.contains("\npatchbay_sessions 0\n"))
        // The answer is made elsewhere, and the next request waits for it.
        #expect(answer.hasSuffix("\r\n\r\nok\n"))
    }

    @Test func writesWhatTheDoorCounts() throws {
        let answer = try ask(TestClient.get("/metrics"))
        for row in [
            "# TYPE patchbay_connections gauge", "patchbay_connections 7",
            "patchbay_connection_bytes{kind=\"received\"} 0", "patchbay_connection_bytes{kind=\"queued\"} 9",
            "# TYPE patchbay_connections_refused_total counter",
            "patchbay_connections_refused_total{reason=\"full\"} 10",
            "patchbay_connections_refused_total{reason=\"files\"} 11",
            "patchbay_connections_closed_total{reason=\"stalled_upload\"} 12",
            "patchbay_connections_closed_total{reason=\"no_room\"} 13",
            "patchbay_connections_closed_total{reason=\"slow_request\"} 14",
            "patchbay_connections_closed_total{reason=\"not_reading\"} 15",
            "patchbay_connections_closed_total{reason=\"queued_total\"} 16",
        ] {
            #expect(answer.contains("\n\(row)\n"), "\(row)")
        }
    }

    @Test func refusesEverythingElse() throws {
        #expect(try ask(TestClient.get("/")).hasPrefix("HTTP/1.1 404 "))
        #expect(try ask(TestClient.get("/metrics/")).hasPrefix("HTTP/1.1 404 "))
        let post = try ask("POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(post.hasPrefix("HTTP/1.1 405 "))
        #expect(post.contains("Allow: GET, HEAD\r\n"))
        #expect(try ask("GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n").hasPrefix("HTTP/1.1 403 "))
        #expect(try ask(TestClient.get("/livez", "Origin: http://evil.example\r\n")).hasPrefix("HTTP/1.1 403 "))
    }

    @Test func answersHEADWithoutABody() throws {
        let answer = try ask("HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(answer.hasSuffix("Content-Length: 3\r\n\r\n"))
    }
}
