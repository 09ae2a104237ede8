// A lane of the `http` transport towards an instance server, and a way to run exchanges on it from a test.

import NIOCore
import NIOPosix
import TransportAPI

@testable import HTTPTransport

struct Bench: Sendable {
    /// What an exchange came to.
    struct Outcome: Sendable {
        var status: Int?
        var content: AnswerHead.Content?
        var length: Int?
        var sessionID: String?
        var lines = ""
        var text = ""
        var pieces = 0
        var isEnded = false
        var error: TransportError?
        var breaches: [String] = []
        /// `open` gave a handle, and the failure came within the call.
        var hadHandle = false
        var failedAtOnce = false
        /// Told that nothing of the body is held, and that within the call of `open`, where it must not be.
        var sentCount = 0
        var toldAtOnce = false

        /// `code delivery` of the failure.
        var failure: String? { error.map { "\($0.code) \($0.delivery)" } }
    }

    let group: MultiThreadedEventLoopGroup
    let loop: any EventLoop
    let server: InstanceServer
    let lane: NIOLoopBound<HTTPLane>

    /// Runs `body` with a server that replies as told, and takes everything down again.
    static func run(
        answersHeads: Bool = false, readsLate: Bool = false, options: HTTPOptions = HTTPOptions(),
        host: String = "127.0.0.1",
        reply: @escaping @Sendable (Int, String) -> InstanceServer.Reply = { _, _ in .bytes(ok("ok")) },
        _ body: (Bench) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let (loop, serverLoop) = (group.next(), group.next())
        let server = try await InstanceServer.start(
            on: serverLoop, answersHeads: answersHeads, readsLate: readsLate, reply)
        let port = server.port
        let lane = try await loop.submit {
            let upstream = try HTTPUpstream(
                instances: [
                    HTTPInstance(host: host, port: port, isTLS: false, path: "/mcp?a=b", streamPath: "/sse"),
                    HTTPInstance(host: "127.0.0.1", port: 1, isTLS: false, path: "/mcp"),
                    HTTPInstance(host: "255.255.255.255", port: port, isTLS: false, path: "/mcp"),
                ], options: options, trust: HTTPTrust())
            return NIOLoopBound(HTTPLane(upstream: upstream, loop: loop), eventLoop: loop)
        }.get()
        let bench = Bench(group: group, loop: loop, server: server, lane: lane)
        do {
            try await body(bench)
        } catch {
            try await group.shutdownGracefully()
            throw error
        }
        try await server.stop()
        try await group.shutdownGracefully()
    }

    static func ok(_ body: String, _ lines: String = "") -> String {
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\(lines)\r\n\(body)"
    }

    // MARK: On the lane's loop

    func onLoop<Result: Sendable>(_ body: @escaping @Sendable (HTTPLane) throws -> Result) async throws -> Result {
        try await loop.submit { [lane] in try body(lane.value) }.get()
    }

    /// Runs one exchange to its end.
    func exchange(
        _ verb: ExchangeRequest.Verb = .post, body: String? = "{}", lines: String = "", path: String? = nil,
        usesStreamEndpoint: Bool = false, instance: Int = 0,
        arrange: @escaping @Sendable (Receiver, (any ExchangeHandle)?) -> Void = { _, _ in }
    ) async throws -> Outcome {
        try await loop.flatSubmit { [lane, loop] in
            let promise = loop.makePromise(of: Outcome.self)
            let receiver = Receiver()
            let request = ExchangeRequest(
                verb: verb, path: path, usesStreamEndpoint: usesStreamEndpoint, lines: ByteBuffer(string: lines),
                body: body.map { ByteBuffer(string: $0) })
            let handle = lane.value.open(request, toInstance: instance, for: receiver)
            let (hadHandle, failedAtOnce) = (handle != nil, receiver.error != nil)
            let toldAtOnce = receiver.sentCount > 0
            arrange(receiver, handle)
            receiver.whenOver = {
                var outcome = Self.outcome(receiver)
                (outcome.hadHandle, outcome.failedAtOnce) = (hadHandle, failedAtOnce)
                outcome.toldAtOnce = toldAtOnce
                promise.succeed(outcome)
            }
            if receiver.isOver { receiver.whenOver?() }
            return promise.futureResult
        }.get()
    }

    static func outcome(_ receiver: Receiver) -> Outcome {
        receiver.whenOver = nil
        return Outcome(
            status: receiver.head?.status, content: receiver.head?.content, length: receiver.head?.length,
            sessionID: receiver.head?.sessionID.map { String(decoding: $0, as: UTF8.self) }, lines: receiver.lines,
            text: receiver.text, pieces: receiver.pieces, isEnded: receiver.isEnded, error: receiver.error,
            breaches: receiver.breaches, sentCount: receiver.sentCount)
    }

    /// Connections to the first instance in any state, and idle ones.
    func counts() async throws -> (open: Int, idle: Int) {
        try await onLoop { lane in
            let pool = Mirror(reflecting: lane).children.first { $0.label == "pools" }?.value as? [InstancePool]
            return (pool?.first?.openCount ?? -1, pool?.first?.idle.count ?? -1)
        }
    }

    /// Waits for what another thread does, by letting both loops go round; a test's own limit ends it else.
    func wait(until isTrue: () async throws -> Bool) async throws {
        while try await !isTrue() { try await loop.submit {}.get() }
    }
}
