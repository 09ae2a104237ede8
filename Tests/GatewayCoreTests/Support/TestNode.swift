// A gateway node on an embedded event loop with scripted instances: requests go in as bytes, answers are recorded.

import GatewayCore
import HTTPWire
import Logging
import NIOCore
import NIOEmbedded
import SealedBox
import Testing
import TransportAPI

@testable import GatewayCore

final class TestNode {
    let loop = EmbeddedEventLoop()
    private let otherLoop = EmbeddedEventLoop()
    let gateway: Gateway
    let worker: Worker
    let lane: ScriptedLane
    /// Of all event loops.
    let lanes: [ScriptedLane]
    private(set) var calls: [TestCall] = []
    private var time = NIODeadline.now()

    /// - Parameters:
    ///   - looksAfterInstances: the worker under test checks health and reaps sessions, as one worker of a node does.
    init(
        instances: Int = 2, era: Era = .stateful, hasStreamEndpoint: Bool = false, looksAfterInstances: Bool = false,
        options: (inout UpstreamGroup.Options) -> Void = { _ in },
        parts configure: (inout Gateway.Parts) -> Void = { _ in }
    ) throws {
        let transport = ScriptedUpstream()
        var own = UpstreamGroup.Options()
        // What is numbered and kept has tests of its own.
        own.isResumable = false
        options(&own)
        let group = UpstreamGroup(
            index: 0, name: "main", digest: 0xAAAA, path: "/mcp",
            instances: (0..<instances).map {
                Instance(
                    index: $0, name: "instance-\($0)", digest: UInt64($0) + 100, hasStreamEndpoint: hasStreamEndpoint,
                    era: era)
            }, transport: transport, options: own)
        var logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        logger.logLevel = .critical
        var parts = Gateway.Parts(
            upstreams: [group], keys: [SealedBoxKey.own], access: .loopback,
            member: .test, logger: logger)
        configure(&parts)
        gateway = Gateway(parts)
        if !looksAfterInstances { _ = try gateway.makeWorker(on: otherLoop) }
        worker = try gateway.makeWorker(on: loop)
        lane = try #require(transport.lanes.last)
        lanes = transport.lanes
    }

    deinit {
        try? loop.syncShutdownGracefully()
        try? otherLoop.syncShutdownGracefully()
    }

    var upstream: UpstreamGroup { gateway.parts.upstreams[0] }
    var instances: [Instance] { upstream.instances }

    // MARK: Requests

    /// Sends a request as a codec does: the head is admitted first, then the whole is served.
    @discardableResult
    func send(
        _ verb: String, _ path: String = "/mcp", headers: [(String, String)], body: String = ""
    ) throws -> TestCall {
        let text = "\(verb) \(path) HTTP/1.1\r\n" + headers.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        // The head does not begin where its buffer begins, as it is when requests are pipelined.
        var block = ByteBuffer(string: "before" + text)
        block.moveReaderIndex(forwardBy: 6)
        var reader = RequestHeadReader(limits: HeadLimits())
        let head = try #require(try block.withUnsafeReadableBytes { try reader.read($0) })
        let call = TestCall()
        calls.append(call)
        switch worker.admit(head, block) {
        case .refuse(let answer):
            call.sink.begin(status: answer.status, lines: ByteBuffer(string: answer.lines), length: answer.body.count)
            if !answer.body.isEmpty { call.sink.write(ByteBuffer(bytes: answer.body)) }
            call.sink.end()
        case .accept(let most):
            #expect(body.utf8.count <= most, "a codec would have refused this body")
            var bytes = ByteBuffer(string: "before" + body)
            bytes.moveReaderIndex(forwardBy: 6)
            call.observer = worker.serve(Request(head: head, block: block, body: bytes), to: call.sink)
        }
        return call
    }

    @discardableResult
    func post(
        _ body: String, session: String? = nil, path: String = "/mcp", headers: [(String, String)] = []
    ) throws -> TestCall {
        var all = [
            ("Host", "localhost:8080"), ("Content-Type", "application/json"),
            ("Accept", "application/json, text/event-stream"), ("Content-Length", "\(body.utf8.count)"),
        ]
        if let session { all.append(("Mcp-Session-Id", session)) }
        return try send("POST", path, headers: all + headers, body: body)
    }

    /// A request of 2026-07-28 with the headers that it needs.
    @discardableResult
    func postModern(
        _ method: String, id: Int = 2, name: String? = nil, members: String = "", headers: [(String, String)] = []
    ) throws -> TestCall {
        var all = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)]
        if let name { all.append(("Mcp-Name", name)) }
        return try post(Body.modern(method, id: id, members: members), headers: all + headers)
    }

    @discardableResult
    func get(_ path: String = "/mcp", session: String? = nil, headers: [(String, String)] = []) throws -> TestCall {
        var all = [("Host", "localhost:8080"), ("Accept", "text/event-stream")]
        if let session { all.append(("Mcp-Session-Id", session)) }
        return try send("GET", path, headers: all + headers)
    }

    @discardableResult
    func delete(session: String?, headers: [(String, String)] = []) throws -> TestCall {
        var all = [("Host", "localhost:8080")]
        if let session { all.append(("Mcp-Session-Id", session)) }
        return try send("DELETE", headers: all + headers)
    }

    /// Initializes a session and returns what the client holds of it.
    func openSession(
        id: String = "upstream-session", revision: String = "2025-11-25", headers: [(String, String)] = []
    ) throws -> TestSession {
        let call = try post(Body.initialize(revision: revision), headers: headers)
        let exchange = try #require(lane.last)
        exchange.answer(Body.initialized(revision: revision), session: id)
        let token = try #require(call.header("Mcp-Session-Id"))
        let session = try #require(Array(token.utf8).withUnsafeBytes { worker.find($0) })
        return TestSession(token: token, session: session)
    }

    /// The id of a question of the session's instance, as the client sees it.
    func question(_ session: TestSession, id: String, nonce: UInt64 = SecureRandom.uint64()) -> String {
        let token = QuestionToken(
            session: session.session.id, nonce: nonce, instance: session.session.instance.digest, epoch: 0,
            expires: .max, rawID: Array(id.utf8))
        return String(decoding: token.seal(worker.sealer), as: UTF8.self)
    }

    /// Lets time pass in the steps in which a worker looks at it.
    func pass(_ amount: TimeAmount) {
        let end = time + amount
        while time < end {
            time = min(time + .seconds(1), end)
            if gateway.parts.cluster == nil { worker.tick(at: time) } else { tick() }
        }
    }

    /// Lets all workers look at the time without any passing.
    func tick() { for worker in gateway.allWorkers { worker.tick(at: time) } }

    /// Runs the loop that hears other members, and not the one under test.
    func runFirstLoop() { otherLoop.run() }

    /// Runs what other loops have handed over.
    func runLoops() {
        for _ in 0..<4 {
            otherLoop.run()
            loop.run()
        }
    }

    // MARK: Verdicts

    /// Nothing runs, every counter is back where it began, and no sink was misused.
    func expectIdle(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(worker.metrics.exchanges == 0, sourceLocation: sourceLocation)
        #expect(worker.metrics.detached == 0, sourceLocation: sourceLocation)
        #expect(worker.metrics.streams == 0, sourceLocation: sourceLocation)
        #expect(worker.awaitedCount == 0, sourceLocation: sourceLocation)
        for instance in instances {
            #expect(instance.active.load(ordering: .relaxed) == 0, sourceLocation: sourceLocation)
        }
        expectNoBreach(sourceLocation: sourceLocation)
    }

    func expectNoBreach(sourceLocation: SourceLocation = #_sourceLocation) {
        for call in calls { #expect(call.sink.breaches.isEmpty, sourceLocation: sourceLocation) }
    }
}

extension MemberID {
    static let test = MemberID.unnamed(1)
}

/// A session as the client holds it, with the node's own view.
struct TestSession {
    let token: String
    let session: Session

    func expectQuiet(sourceLocation: SourceLocation = #_sourceLocation) {
        #expect(session.calls.load(ordering: .relaxed) == 0, sourceLocation: sourceLocation)
        #expect(session.streams.load(ordering: .relaxed) == 0, sourceLocation: sourceLocation)
    }
}

/// One request of a client and what came back.
final class TestCall {
    let sink = RecordingSink()
    var observer: (any ClientObserver)?

    var status: Int? { sink.status }
    var text: String { sink.text }
    var isEnded: Bool { sink.isEnded }
    func header(_ name: String) -> String? { sink.header(name) }
    var exchange: Exchange? { observer as? Exchange }

    /// The id under which the client sees the newest question of its server.
    var questionID: String? {
        let parts = text.components(around: #""id":""#)
        return parts.last.flatMap { $0.split(separator: "\"").first }.map(String.init)
    }

    /// The ids of the events, in order.
    var eventIDs: [String] {
        sink.bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
            .filter { $0.hasPrefix("id: ") }.map { String($0.dropFirst(4)) }
    }

    /// The client's connection is gone. A codec tells it only while the answer is under way.
    func leave() { if !sink.isOver { observer?.clientLeft() } }

    func setWritable(_ isWritable: Bool) { if !sink.isOver { observer?.clientIsWritable(isWritable) } }
}

extension String {
    /// What stands after each occurrence of `mark`.
    func components(around mark: String) -> [Substring] {
        var found: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: mark) {
            rest = rest[range.upperBound...]
            found.append(rest)
        }
        return found
    }
}
