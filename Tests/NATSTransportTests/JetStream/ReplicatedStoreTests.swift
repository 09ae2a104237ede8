// Directory and log on three servers that keep three copies: one of them dies, and nothing is lost.
#if NATS
import Foundation
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("JetStream: three servers", .timeLimit(.minutes(2)))
struct ReplicatedStoreTests {
    private static func servers() throws -> [NATSServer] {
        let ports = try (0..<3).map { _ in try FreePort.take() }
        let routes = ports.map { "\"nats://127.0.0.1:\($0)\"" }.joined(separator: ", ")
        return try ports.enumerated().map { index, port in
            var settings = NATSServer.Settings()
            settings.lines = """
                server_name: "n\(index)"
                cluster { name: "c", listen: "127.0.0.1:\(port)", routes: [ \(routes) ] }
                """
            return try NATSServer(settings)
        }
    }

    @Test("One of the servers dies: nothing that was acknowledged is lost, and calls go on")
    func oneDies() async throws {
        let servers = try Self.servers()
        // The servers agree on a leader first.
        var text: String? = ""
        for _ in 0..<20 where text != nil {
            text = try await KeptBench(servers[0]) {
                $0.replicas = 3
                $0.startWithin = .seconds(2)
            }.startFailure()
        }
        try #require(text == nil)
        let change: (inout NATSOptions) -> Void = {
            $0.urls = servers.map(\.url)
            $0.replicas = 3
        }
        try await KeptBench(servers[0], change).run { bench in
            let stream = Key128.random()
            let key = Key128.random()
            let loop = bench.loop
            for number: UInt64 in 1...50 {
                #expect(try await bench.append([entry(number)], to: stream, after: number - 1) == .appended)
            }
            _ = try await bench.create(key, ByteBuffer(string: "kept"))
            let incarnation = try await loop.flatSubmit { bench.directory.incarnation(on: loop) }.get()
            servers[0].kill()
            #expect(try await bench.recovers(within: .seconds(30)))
            var append: LogAppend?
            for _ in 0..<50 where append == nil {
                append = try? await bench.append([entry(51)], to: stream, after: 50)
            }
            #expect(append == .appended || append == .stale(top: 51))
            #expect(try await bench.read(stream, after: 0) == .page((1...51).map { entry($0) }))
            if case .found = try await bench.read(key) {} else { Issue.record("the record is gone") }
            let after = try await loop.flatSubmit { bench.directory.incarnation(on: loop) }.get()
            #expect(after == incarnation)
        }
    }
}

#endif
