// Clients that come and go at random, an instance whose streams break at random: over all its connections a client gets
// the events of each stream once, in order, without a gap.

import MCPWire
import Testing

@testable import GatewayCore

@Suite struct ResumeModelTests {
    /// One stream as its instance fills it and its client reads it.
    private final class Track {
        /// Of the call; nil for the session's own stream.
        let id: Int?
        let hasIDs: Bool
        var source: ScriptedExchange
        var client: TestCall?
        var lastID: String?
        var sent: [Int] = []
        var read: [Int] = []
        /// The instance's side is over.
        var isOver = false
        /// The client has its answer.
        var isAnswered = false

        init(_ id: Int?, _ hasIDs: Bool, _ source: ScriptedExchange, _ client: TestCall) {
            self.id = id
            self.hasIDs = hasIDs
            self.source = source
            self.client = client
        }

        /// The client reads some of what has reached it, at least the first, and is gone or goes on elsewhere.
        func readAndDrop(_ random: inout SeededGenerator, all: Bool = false) {
            guard let client, !client.sink.bytes.isEmpty else { return self.client = nil }
            self.client = nil
            var scanner = EventScanner(maximumEventBytes: 1 << 20)
            var found: [(id: String?, data: String)] = []
            client.sink.bytes.withUnsafeBytes { view in
                var start = 0
                while let event = try? scanner.next(in: view, from: start) {
                    start = Int(event.range.end)
                    if event.dataLines == 0 { continue }
                    found.append(
                        (event.hasID ? String(decoding: view[event.id.range], as: UTF8.self) : nil,
                            String(decoding: view[event.data.range], as: UTF8.self)))
                }
            }
            guard !found.isEmpty else { return }
            for (id, data) in found.prefix(all ? found.count : Int.random(in: 1...found.count, using: &random)) {
                lastID = id ?? lastID
                let progress = data.components(around: #""progress":"#).first
                if let number = progress.flatMap({ Int($0.prefix { $0.isNumber }) }) {
                    read.append(number)
                } else if data.contains(#""result""#) || data.contains(#""error""#) {
                    isAnswered = true
                }
            }
        }
    }

    /// The whole play with one seed.
    private struct Play {
        let bench: StreamBench
        var random: SeededGenerator
        var tracks: [Track] = []
        var number = 0
        var callID = 100

        init(seed: UInt64) throws {
            bench = try StreamBench()
            random = SeededGenerator(seed: seed)
        }

        mutating func begin(isCall: Bool) throws {
            callID += 1
            let hasIDs = Bool.random(using: &random)
            let call = isCall
                ? try bench.node.post(Body.call(id: callID), session: bench.session.token) : try bench.get()
            let source = try bench.last()
            let track = Track(isCall ? callID : nil, hasIDs, source, call)
            // The client of a GET may be gone before the head.
            if !isCall, Bool.random(using: &random) {
                call.leave()
                track.client = nil
            }
            source.begin(200, .eventStream)
            tracks.append(track)
        }

        mutating func say(_ track: Track) {
            for _ in 0..<Int.random(in: 1...4, using: &random) where !track.isOver {
                number += 1
                track.sent.append(number)
                track.source.send(event(StreamBench.progress(number), id: track.hasIDs ? "u\(number)" : nil))
            }
        }

        /// Leaves, or comes back beside the connection that there is.
        mutating func comeOrGo(_ track: Track) throws {
            let old = track.client
            let leaves = Bool.random(using: &random)
            if let old, leaves { old.leave() }
            track.readAndDrop(&random)
            if old != nil, leaves { return }
            if track.lastID == nil, track.id != nil { return }
            let opened = bench.node.lane.opened.count
            let isOver = track.isOver
            track.client = try bench.get(track.lastID)
            #expect(track.client?.status == 200)
            #expect(bench.node.lane.opened.count == opened)
            if let old, !isOver { #expect(old.sink.isOver) }
        }

        mutating func cut(_ track: Track) throws {
            guard !track.isOver else { return }
            let opened = bench.node.lane.opened.count
            if Bool.random(using: &random) { track.source.fail(.cut) } else { track.source.end() }
            guard track.id == nil || track.hasIDs && !track.sent.isEmpty else { return track.isOver = true }
            bench.node.pass(.seconds(1))
            if Bool.random(using: &random) {
                try bench.last().begin(503, .json, length: 0)
                bench.node.pass(.seconds(1))
            }
            let again = try bench.last()
            #expect(bench.node.lane.opened.count > opened)
            #expect(again.header("Last-Event-ID") == (track.hasIDs ? track.sent.last.map { "u\($0)" } : nil))
            track.source = again
            again.begin(200, .eventStream)
            say(track)
        }

        func finish(_ track: Track) {
            guard let id = track.id, !track.isOver else { return }
            track.isOver = true
            track.source.send(event(Body.result(id: id)))
            track.source.end()
        }

        mutating func step() throws {
            guard let track = tracks.randomElement(using: &random) else { return try begin(isCall: false) }
            switch Int.random(in: 0..<20, using: &random) {
            case 0..<7: say(track)
            case 7..<13: try comeOrGo(track)
            case 13: try cut(track)
            case 14: finish(track)
            case 15: if tracks.count < 12 { try begin(isCall: true) }
            case 16: track.client?.setWritable(false)
            case 17: track.client?.setWritable(true)
            default: if Int.random(in: 0..<8, using: &random) == 0 { bench.node.pass(.seconds(1)) }
            }
        }

        mutating func end() throws {
            for track in tracks {
                finish(track)
                track.readAndDrop(&random, all: true)
                if !track.isAnswered, track.lastID != nil || track.id == nil {
                    track.client = try bench.get(track.lastID)
                    track.readAndDrop(&random, all: true)
                }
            }
            for call in bench.node.calls { call.leave() }
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>) func bringsEachEventOnce(seed: UInt64) throws {
        var play = try Play(seed: seed)
        for _ in 0..<300 { try play.step() }
        try play.end()
        for track in play.tracks {
            #expect(track.read == track.sent, "seed \(seed), call \(track.id ?? 0)")
            #expect(track.isAnswered == (track.id != nil), "seed \(seed), call \(track.id ?? 0)")
        }
        play.bench.expectRest()
    }
}
