// The requests of health checks and era probes, made once, and the reading of their answers.
internal import MCPWire
internal import NIOCore
internal import TransportAPI

/// What the gateway asks instances on its own account.
struct ProbeRequests {
    let ping: ExchangeRequest
    let discover: ExchangeRequest
    let initialize: ExchangeRequest

    private static let common =
        "Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\nUser-Agent: patchbay\r\n"
    private static let unknownSession = "Mcp-Session-Id: patchbay-check\r\n"

    init() {
        ping = Self.post(Self.common + Self.unknownSession, #"{"jsonrpc":"2.0","id":"patchbay-check","method":"ping"}"#)
        discover = Self.post(
            Self.common + Self.unknownSession
                + "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: server/discover\r\n",
            #"{"jsonrpc":"2.0","id":"patchbay-probe","method":"server/discover","params":{"_meta":{"#
                + #""io.modelcontextprotocol/protocolVersion":"2026-07-28","#
                + #""io.modelcontextprotocol/clientCapabilities":{},"#
                + #""io.modelcontextprotocol/clientInfo":{"name":"patchbay","version":"1"}}}}"#)
        initialize = Self.post(
            Self.common,
            #"{"jsonrpc":"2.0","id":"patchbay-probe","method":"initialize","params":{"#
                + #""protocolVersion":"2025-11-25","capabilities":{},"#
                + #""clientInfo":{"name":"patchbay","version":"1"}}}"#)
    }

    private static func post(_ lines: String, _ body: String) -> ExchangeRequest {
        ExchangeRequest(verb: .post, lines: ByteBuffer(string: lines), body: ByteBuffer(string: body))
    }

    /// The answer to `server/discover` lists 2026-07-28.
    func isStateless(_ reply: CheckExchange.Reply) -> Bool {
        reply.withMessage { message, bytes in
            guard message.kind == .result, !message.supportedVersions.isAbsent else { return false }
            let list = bytes[message.supportedVersions.range]
            let wanted = Array(#""2026-07-28""#.utf8)
            guard list.count >= wanted.count else { return false }
            return (list.startIndex...(list.endIndex - wanted.count)).contains { start in
                list[start..<(start + wanted.count)].elementsEqual(wanted)
            }
        } ?? false
    }

    /// The answer is a JSON-RPC result.
    func isResult(_ reply: CheckExchange.Reply) -> Bool {
        reply.withMessage { message, _ in message.kind == .result } ?? false
    }
}

extension CheckExchange.Reply {
    /// The first answer that it holds, if any.
    func withMessage<Result>(_ read: (Message, UnsafeRawBufferPointer) -> Result) -> Result? {
        body.withUnsafeReadableBytes { view -> Result? in
            guard isEventStream else {
                return (try? MessageScanner.scanMessage(view, limits: .ofInstances)).map { read($0, view) }
            }
            var scanner = EventScanner(maximumEventBytes: view.count + 1)
            var start = 0
            while let event = try? scanner.next(in: view, from: start) {
                start = Int(event.range.end)
                let found = EventRelay.withMessage(event, view) { data, message in
                    message.kind == .result || message.kind == .error ? read(message, data) : nil
                }
                if let found = found ?? nil { return found }
            }
            return nil
        }
    }
}
