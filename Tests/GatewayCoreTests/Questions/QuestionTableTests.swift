// The tables behind questions and streams: bounded, and empty again when all is over.

import NIOCore
import Testing

@testable import GatewayCore

@Suite struct QuestionTableTests {
    @Test func takesEachAnswerOnceAndForgetsTheExpired() {
        let table = AnsweredQuestions()
        #expect(table.take(1, expires: 10))
        #expect(!table.take(1, expires: 10))
        #expect(table.take(2, expires: 20))
        table.forget(1)
        #expect(table.take(1, expires: 10))
        table.sweep(now: 11)
        #expect(table.count == 1)
        #expect(!table.take(2, expires: 20))
        table.sweep(now: 21)
        #expect(table.count == 0)
        table.sweep(now: 22)
    }

    @Test func holdsNoMoreAnswersThanItsBound() {
        let table = AnsweredQuestions()
        for nonce in 0..<UInt64(AnsweredQuestions.entriesMax + 500) {
            _ = table.take(nonce, expires: 100)
            if nonce % 3 == 0 { table.forget(nonce) }
        }
        #expect(table.count <= AnsweredQuestions.entriesMax)
        #expect(!table.take(UInt64(AnsweredQuestions.entriesMax + 499), expires: 100))
        table.sweep(now: 101)
        #expect(table.count == 0)
    }

    @Test(arguments: [1, 2, 3] as [UInt64]) func keepsQuestionsOfSessionsApart(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let node = try TestNode()
        let sessions = try (0..<3).map { try node.openSession(id: "s\($0)").session }
        let asking = sessions.indices.map { UInt64($0) }
        var table = PendingRequests()
        var model: [UInt64: (session: Int, deadline: Int)] = [:]
        let start = NIODeadline.now()
        for nonce in 1...400 as ClosedRange<UInt64> {
            let session = Int.random(in: 0..<3, using: &random)
            // All wait for the same time, so that a later one never has an earlier deadline.
            let deadline = Int(nonce) * 3 + Int.random(in: 0..<3, using: &random)
            table.insert(
                .init(
                    nonce: nonce, session: sessions[session], rawID: Array("\(nonce)".utf8), token: [],
                    deadline: start + .seconds(Int64(deadline)), exchange: asking[session]))
            model[nonce] = (session, deadline)
            let other = UInt64.random(in: 1...nonce, using: &random)
            let place = model[other]?.session
            for index in 0..<3 {
                let found = Array("\(other)".utf8).withUnsafeBytes { table.find(sessions[index].id, rawID: $0) }
                #expect((found != nil) == (place == index), "seed \(seed)")
                #expect(table.count(of: sessions[index].id) == model.values.count { $0.session == index })
            }
            switch Int.random(in: 0..<12, using: &random) {
            case 0..<3: #expect((table.remove(other) != nil) == (model.removeValue(forKey: other) != nil))
            case 3:
                let index = Int.random(in: 0..<3, using: &random)
                table.removeAll(of: asking[index], sessions[index].id)
                model = model.filter { $0.value.session != index }
            case 4:
                let now = Int.random(in: 1...300, using: &random)
                let due = model.filter { $0.value.deadline <= now }.keys.sorted()
                let over = table.removeExpired(now: start + .seconds(Int64(now)), atMost: 5).map(\.nonce)
                #expect(over == Array(due.prefix(5)))
                for nonce in over { model[nonce] = nil }
            default: break
            }
            #expect(table.count == model.count)
        }
        sessions.forEach { $0.end() }
        table.removeEnded()
        #expect(table.count == 0)
    }

    @Test(arguments: [4, 5, 6] as [UInt64]) func findsStreamsByTheirOwnNamesOnly(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bench = try StreamBench()
        let (call, _) = try bench.call()
        let exchange = try #require(call.exchange)
        var table = StreamTable(loop: 0, bytesMax: 20 * HostedStream.fixedBytes)
        var live: [HostedStream] = []
        var past: [StreamName] = []
        for step in 1...600 {
            let made = table.insert(Bool.random(using: &random) ? .call : .session) { name in
                HostedStream(session: bench.session.session, name: name, idPrefix: [], exchange: exchange)
            }
            live.append(try #require(made))
            if Int.random(in: 0..<10, using: &random) < 9, let index = live.indices.randomElement(using: &random) {
                let stream = live.remove(at: index)
                if Bool.random(using: &random) {
                    table.remove(stream)
                    past.append(stream.name)
                } else {
                    table.close(stream, expires: .uptimeNanoseconds(UInt64(step + 10)))
                }
            }
            table.tick(now: .uptimeNanoseconds(UInt64(step)))
            #expect(table.completeBytes <= 20 * HostedStream.fixedBytes)
            for stream in live { #expect(table.find(stream.name) === stream, "seed \(seed)") }
            if let gone = past.randomElement(using: &random) { #expect(table.find(gone) == nil, "seed \(seed)") }
        }
        for stream in live { table.remove(stream) }
        table.tick(now: .distantFuture)
        #expect(table.count == 0)
        #expect(table.completeBytes == 0)
    }
}
