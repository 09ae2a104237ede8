// 2025-03-26 batches: each message goes its own way, all answers come on one stream, and none gets lost silently.

import MCPWire
import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct BatchTests {
    private let node: TestNode
    private let session: TestSession

    init() throws {
        node = try TestNode()
        session = try node.openSession(revision: "2025-03-26")
    }

    private func post(_ messages: [String]) throws -> (TestCall, [ScriptedExchange]) {
        let before = node.lane.opened.count
        let call = try node.post("[" + messages.joined(separator: " ,\n") + "]", session: session.token)
        return (call, Array(node.lane.opened.dropFirst(before)))
    }

    /// The data of all events of a stream, in order.
    private func messages(_ call: TestCall) -> [String] {
        String(decoding: call.sink.bytes.filter { $0 != 0x0D }, as: UTF8.self).split(separator: "\n\n")
            .compactMap { block in
                block.split(separator: "\n").first { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
            }
    }

    @Test func collectsAllAnswersOnOneStream() throws {
        let (call, parts) = try post([
            Body.request("tools/list", id: 2), Body.notification("notifications/progress"), Body.call(id: 3),
            Body.result(named: node.question(session, id: "9")),
        ])
        #expect(parts.map(\.body) == [
            Body.request("tools/list", id: 2), Body.notification("notifications/progress"), Body.call(id: 3),
            Body.result(id: 9),
        ])
        #expect(parts.allSatisfy { $0.header("Mcp-Session-Id") == "upstream-session" })
        #expect(call.status == 200)
        #expect(call.header("Content-Type") == "text/event-stream")
        parts[3].accept()
        parts[1].accept()
        parts[2].begin(200, .eventStream)
        parts[2].send(event(Body.notification("notifications/progress")))
        parts[0].answer(Body.result(id: 2))
        #expect(!call.isEnded)
        parts[2].send(event(Body.result(id: 3)))
        parts[2].end()
        #expect(call.isEnded)
        #expect(
            messages(call)
                == [Body.notification("notifications/progress"), Body.result(id: 2), Body.result(id: 3)])
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func answers202WhereNothingIsAsked() throws {
        let (call, parts) = try post([
            Body.notification("notifications/initialized"), Body.result(named: node.question(session, id: "1")),
        ])
        #expect(call.status == nil)
        for part in parts { part.accept() }
        #expect(call.status == 202)
        #expect(call.text.isEmpty)
        #expect(call.isEnded)
        node.expectIdle()
    }

    @Test func keepsTheOthersWhenOneFails() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3), Body.call(id: 4)])
        parts[0].fail(.cut)
        parts[1].answer(Body.result(id: 3))
        parts[2].begin(200, .eventStream)
        parts[2].fail(.cut)
        #expect(call.isEnded)
        let answers = messages(call)
        #expect(answers.count == 3)
        #expect(answers[0].contains(#""id":2,"error""#))
        #expect(answers[1] == Body.result(id: 3))
        #expect(answers[2].contains(#""id":4,"error""#))
        session.expectQuiet()
        node.expectIdle()
    }

    /// Every call gets exactly one answer that is JSON-RPC, whatever its instance did.
    private func expectOneAnswerEach(
        _ call: TestCall, _ ids: [Int], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(call.isEnded, sourceLocation: sourceLocation)
        let answers = messages(call)
        #expect(answers.count == ids.count, "\(call.text)", sourceLocation: sourceLocation)
        for answer in answers {
            let message = Array(answer.utf8).withUnsafeBytes {
                try? MessageScanner.scanMessage($0, limits: ScanLimits())
            }
            #expect(message?.kind == .result || message?.kind == .error, "\(answer)", sourceLocation: sourceLocation)
        }
        for id in ids {
            #expect(
                answers.filter { $0.contains(#""id":\#(id),"#) }.count == 1, "\(id)", sourceLocation: sourceLocation)
        }
    }

    @Test func saysSoWhenAJSONAnswerBreaksOff() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3)])
        parts[0].begin(200, .json, length: 1000)
        parts[0].send(#"{"jsonrpc":"2.0","id":2,"result":{"content":[{"type":"te"#)
        parts[0].fail(.cut)
        parts[1].answer(Body.result(id: 3))
        expectOneAnswerEach(call, [2, 3])
        #expect(call.text.contains("outcome_unknown"))
        node.expectIdle()
    }

    @Test func saysSoWhenAnAnswerIsNoMessage() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3), Body.call(id: 4)])
        parts[0].begin(500, .other, length: 21)
        parts[0].send("Internal Server Error")
        parts[0].end()
        parts[1].accept()
        parts[2].answer("", 200)
        expectOneAnswerEach(call, [2, 3, 4])
        node.expectIdle()
    }

    @Test func passesAnInstancesOwnError() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3)])
        let error = #"{"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"no"}}"#
        parts[0].answer(error, 400)
        parts[1].answer(Body.result(id: 3))
        expectOneAnswerEach(call, [2, 3])
        #expect(messages(call)[0] == error)
    }

    @Test func endsEachCallOnItsOwnWhenTheSessionIsGone() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3)])
        parts[0].fail(.refused)
        parts[1].fail(.refused)
        expectOneAnswerEach(call, [2, 3])
        #expect(session.session.hasEnded)
        node.expectIdle()
    }

    @Test func goesOnWithoutItsClient() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3)])
        parts[0].answer(Body.result(id: 2))
        call.leave()
        #expect(node.worker.metrics.detached == 1)
        #expect(!parts[1].isCancelled)
        parts[1].answer(Body.result(id: 3))
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func pausesAllItsInstances() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3)])
        call.setWritable(false)
        #expect(parts.allSatisfy { $0.isPaused })
        call.setWritable(true)
        #expect(parts.allSatisfy { !$0.isPaused })
    }

    @Test func cutsAClientThatReadsNothing() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3)])
        parts[0].begin(200, .eventStream)
        call.setWritable(false)
        node.pass(.seconds(32))
        // It must not look like an end: answers are missing.
        #expect(call.sink.isAborted)
        for part in parts where !part.isOver { part.end() }
        session.expectQuiet()
        node.expectIdle()
    }

    @Test func endsExplicitlyInADrain() throws {
        let (call, parts) = try post([Body.call(id: 2), Body.call(id: 3)])
        parts[0].begin(200, .eventStream)
        node.worker.endCalls()
        expectOneAnswerEach(call, [2, 3])
        #expect(parts.allSatisfy { $0.isCancelled })
        node.expectIdle()
    }

    @Test func countsItsCallsAgainstTheCap() throws {
        let node = try TestNode(parts: { $0.limits.callsPerSession = 3 })
        let session = try node.openSession(revision: "2025-03-26")
        let body = "[" + (2...5).map { Body.call(id: $0) }.joined(separator: ",") + "]"
        let call = try node.post(body, session: session.token)
        #expect(session.session.calls.load(ordering: .relaxed) <= 3)
        #expect(call.text.contains("too_many_calls"))
        for part in node.lane.running { part.answer(Body.result()) }
        session.expectQuiet()
    }

    // MARK: Refused

    @Test func isPartOfOneRevisionOnly() throws {
        let batch = "[" + Body.call() + "]"
        for version in ["2024-11-05", "2025-06-18", "2025-11-25", "2026-07-28", "x"] {
            let call = try node.post(batch, session: session.token, headers: [("MCP-Protocol-Version", version)])
            #expect(call.status == 400)
        }
        let later = try node.openSession(revision: "2025-06-18")
        #expect(try node.post(batch, session: later.token).status == 400)
        let right = [("MCP-Protocol-Version", "2025-03-26")]
        #expect(try node.post(batch, session: session.token, headers: right).status == 200)
    }

    @Test func holdsNoInitialize() throws {
        let call = try node.post("[" + Body.initialize() + "]")
        #expect(call.status == 400)
        #expect(call.text.contains("initialize"))
        #expect(node.lane.opened.count == 1)
    }

    @Test func isRefusedWhole() throws {
        let sent = node.lane.opened.count
        let batches = [
            "[]", "[1]", "[[]]", "[" + Body.call() + ",{}]", "[" + Body.call() + ",", "[" + Body.modern("x") + "]",
        ]
        for batch in batches {
            #expect(try node.post(batch, session: session.token).status == 400)
        }
        let long = "[" + Array(repeating: Body.notification("x"), count: 101).joined(separator: ",") + "]"
        #expect(try node.post(long, session: session.token).status == 400)
        #expect(try node.post("[" + Body.call() + "]", session: "unknown").status == 404)
        #expect(node.lane.opened.count == sent)
    }

    @Test func goesToServersWithoutSessions() throws {
        let node = try TestNode(era: .sessionless)
        let call = try node.post("[" + Body.call(id: 2) + "," + Body.call(id: 3) + "]")
        for part in node.lane.running { part.answer(Body.result(id: part.body == Body.call(id: 2) ? 2 : 3)) }
        #expect(messages(call) == [Body.result(id: 2), Body.result(id: 3)])
        node.expectIdle()
    }
}
