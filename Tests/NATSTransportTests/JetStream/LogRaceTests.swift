// Logs under two writers, appends that are cut in the middle, and what a server that comes and goes is left with.
#if NATS
import Foundation
import FoundationNetworking
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import NATSTransport

@Suite(
    "JetStream: appends that meet", .serialized, .timeLimit(.minutes(1)))
struct LogRaceTests {
    private static let mib = 1024 * 1024

    @Test("Of two writers that append the same numbers one is stale each time, and the log has no hole")
    func twoWriters() async throws {
        let server = try NATSServer()
        let stream = Key128.random()
        try await KeptBench(server).run { first in
            try await KeptBench(server).run { second in
                var wins = [0, 0]
                for number: UInt64 in 1...200 {
                    async let one = first.append([entry(number, size: 8)], to: stream, after: number - 1)
                    async let two = second.append([entry(number, size: 9)], to: stream, after: number - 1)
                    let outcomes = try await [one, two]
                    #expect(outcomes.contains(.stale(top: number)) && outcomes.contains(.appended), "\(outcomes)")
                    wins[outcomes[0] == .appended ? 0 : 1] += 1
                }
                guard case .page(let page) = try await first.read(stream, after: 0) else {
                    Issue.record("the log is gone")
                    return
                }
                #expect(page.map(\.number) == Array(1...200))
                #expect(page.filter { $0.event.readableBytes == 8 }.count == wins[0])
            }
        }
    }

    @Test("An append in many messages that a crash cuts is there as a whole or not at all")
    func cut() async throws {
        let server = try NATSServer()
        try await KeptBench(server).run { bench in
            var whole = 0
            for round in 0..<6 {
                let stream = Key128.random()
                let before = [entry(1), entry(2)]
                #expect(try await bench.append(before, to: stream, after: 0) == .appended)
                let killer = Task.detached {
                    try await Task.sleep(for: .milliseconds(4 * round))
                    server.kill()
                }
                let batch = (3...18).map { entry($0, size: Self.mib / 2) }
                let outcome = try? await bench.append(batch, to: stream, after: 2)
                try await killer.value
                try server.start()
                #expect(try await bench.recovers(within: .seconds(20)))
                let read = try await bench.read(stream, after: 0, limit: 3)
                if outcome == .appended { #expect(read == .page(before + [batch[0]])) }
                #expect(read == .page(before) || read == .page(before + [batch[0]]), "round \(round)")
                // Whoever tries again finishes it.
                let again = try await bench.append(batch, to: stream, after: 2)
                #expect(again == .appended || again == .stale(top: 18))
                whole += again == .appended ? 0 : 1
                #expect(try await bench.read(stream, after: 17) == .page([batch[15]]))
            }
            #expect(whole < 6, "no append was cut: the test shows nothing")
        }
    }

    @Test("A log that one writer left goes on with the next one, across many chapters")
    func handover() async throws {
        let server = try NATSServer()
        let stream = Key128.random()
        var top: UInt64 = 0
        for round: UInt64 in 0..<6 {
            try await KeptBench(server) { $0.logEntriesMax = 400 }.run { bench in
                for _ in 0..<(100 + round) {
                    let append = try await bench.append([entry(top + 1)], to: stream, after: top)
                    #expect(append == .appended)
                    top += 1
                }
                guard case .page(let page) = try await bench.read(stream, after: max(top, 350) - 350) else {
                    Issue.record("what is kept is lost at \(top)")
                    return
                }
                #expect(page.last?.number == top && page.count == Int(min(top, 350)))
            }
        }
        #expect(top > 600)
    }

    @Test("A server that comes and goes is left with no more connections, subscriptions and consumers than before")
    func nothingGrows() async throws {
        let server = try NATSServer()
        try await KeptBench(server).run { bench in
            let stream = Key128.random()
            #expect(try await bench.append([entry(1)], to: stream, after: 0) == .appended)
            let before = try Self.counts(server)
            for _ in 0..<3 {
                server.kill()
                try server.start()
                #expect(try await bench.recovers(within: .seconds(20)))
                #expect(try await bench.read(stream, after: 0) == .page([entry(1)]))
            }
            #expect(try Self.counts(server) == before)
        }
    }

    private static func counts(_ server: NATSServer) throws -> [Int] {
        func number(_ page: String, _ name: String) throws -> Int {
            let url = try #require(URL(string: "http://127.0.0.1:\(server.monitorPort)/\(page)"))
            let object = try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any]
            return try #require(object?[name] as? Int)
        }
        return [
            try number("varz", "connections"), try number("subsz", "num_subscriptions"), try number("jsz", "consumers"),
        ]
    }
}

#endif
