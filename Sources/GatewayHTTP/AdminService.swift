// The operator's door: is the process alive, should it get traffic, what does it count. Loopback by default, and its
// answers name no session and no client.
public import GatewayCore
public import HTTPWire
public import NIOCore

/// Serves `/livez`, `/readyz` and `/metrics`. One per event loop.
public final class AdminService: RequestService {
    private let gateway: Gateway
    private let loop: any EventLoop
    private let access: AccessPolicy
    private let doorCounts: (@Sendable () -> DoorCounts)?

    /// - Parameters:
    ///   - access: which Host and Origin may ask. Loopback names are the default for a loopback bind.
    ///   - doorCounts: what the listener for clients counts; nil where there is none.
    public init(
        gateway: Gateway, loop: any EventLoop, access: AccessPolicy, doorCounts: (@Sendable () -> DoorCounts)? = nil
    ) {
        self.gateway = gateway
        self.loop = loop
        self.access = access
        self.doorCounts = doorCounts
    }

    public func admit(_ head: RequestHead, _ block: ByteBuffer) -> Admission {
        let isAllowed = block.withUnsafeReadableBytes { access.allows(head, $0) }
        guard isAllowed else { return .refuse(Self.text(403, "This Host or Origin is not allowed here.")) }
        guard head.verb == .get || head.verb == .head else {
            return .refuse(Self.text(405, "Only GET is offered here.", lines: "Allow: GET, HEAD\r\n"))
        }
        return .accept(bodyBytesMax: 0)
    }

    public func serve(_ request: Request, to sink: any ResponseSink) -> (any ClientObserver)? {
        let path = request.block.withUnsafeReadableBytes {
            String(decoding: request.head.path.bytes(in: $0), as: UTF8.self)
        }
        switch path {
        case "/livez": answer(Self.text(200, "ok"), sink)
        case "/readyz":
            let answer = gateway.isReady ? Self.text(200, "ready") : Self.text(503, gateway.unreadyReason)
            self.answer(answer, sink)
        case "/metrics":
            let sink = NIOLoopBound(sink, eventLoop: loop)
            gateway.metricsText(on: loop).assumeIsolated().whenSuccess { [self] text in
                let text = text + (doorCounts.map { DoorTelemetry.text($0()) } ?? "")
                answer(
                    Answer(
                        status: 200, lines: "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                        body: Array(text.utf8)), sink.value)
            }
        default: answer(Self.text(404, "There are /livez, /readyz and /metrics here."), sink)
        }
        return nil
    }

    private func answer(_ answer: Answer, _ sink: any ResponseSink) {
        sink.begin(status: answer.status, lines: ByteBuffer(string: answer.lines), length: answer.body.count)
        sink.write(ByteBuffer(bytes: answer.body))
        sink.end()
    }

    private static func text(_ status: Int, _ text: String, lines: String = "") -> Answer {
        Answer(
            status: status, lines: lines + "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n",
            body: Array((text + "\n").utf8))
    }
}
