// The second opinion: the same stream read by NIOHTTP1, which is llhttp inside and in use in many servers. It is no
// standard either; where it is known to accept more than the readers under test, `OracleTests` says why.
import NIOCore
import NIOEmbedded
import NIOHTTP1

enum Oracle {
    /// The whole stream in one piece.
    ///
    /// - Parameters:
    ///   - isEnded: the peer has closed behind it.
    ///   - mostAnswers: the decoder refuses an answer that no request was sent for, so this many are sent.
    static func read(
        _ side: WireReading.Side, _ bytes: [UInt8], isEnded: Bool = false, mostAnswers: Int = 3
    ) -> WireReading {
        let channel = EmbeddedChannel()
        defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
        var reading = WireReading()
        do {
            try add(side, to: channel, mostAnswers: mostAnswers)
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            if isEnded { _ = try channel.finish() }
        } catch {
            reading.ending = .refused("\(error)")
        }
        switch side {
        case .requests: collectRequests(channel, &reading)
        case .answers: collectAnswers(channel, &reading)
        }
        return reading
    }

    private static func add(_ side: WireReading.Side, to channel: EmbeddedChannel, mostAnswers: Int) throws {
        // Limits are not compared: each side has its own.
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldCount = 100_000
        switch side {
        case .requests:
            let decoder = HTTPRequestDecoder(limitConfiguration: limits)
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
        case .answers:
            let decoder = HTTPResponseDecoder(informationalResponseStrategy: .forward, limitConfiguration: limits)
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(decoder))
            for _ in 0..<mostAnswers {
                let head = HTTPRequestHead(version: .http1_1, method: .POST, uri: "/")
                try channel.writeOutbound(HTTPClientRequestPart.head(head))
            }
        }
    }

    private static func collectRequests(_ channel: EmbeddedChannel, _ reading: inout WireReading) {
        while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
            switch part {
            case .head(let head):
                let start = "\(head.method.rawValue) \(head.uri) \(head.version.major).\(head.version.minor)"
                begin(start, head.headers, keepsAlive: head.isKeepAlive, &reading)
            case .body(let bytes): append(bytes, &reading)
            case .end: end(&reading)
            }
        }
        // After such a request the decoder reads no more; the gateway ignores the wish, as RFC 9110 §7.8 allows.
        if let last = reading.messages.last, last.isComplete, last.asksForUpgrade { reading.switchesProtocol = true }
    }

    private static func collectAnswers(_ channel: EmbeddedChannel, _ reading: inout WireReading) {
        while let part = try? channel.readInbound(as: HTTPClientResponsePart.self) {
            switch part {
            case .head(let head):
                let start = "\(head.status.code) \(head.version.major).\(head.version.minor)"
                begin(start, head.headers, keepsAlive: head.isKeepAlive, &reading)
                // Informational answers get no end of their own.
                if head.status.code < 200 { end(&reading) }
                if head.status == .switchingProtocols { reading.switchesProtocol = true }
            case .body(let bytes): append(bytes, &reading)
            case .end: end(&reading)
            }
        }
    }

    private static func begin(_ start: String, _ headers: HTTPHeaders, keepsAlive: Bool, _ reading: inout WireReading) {
        let fields = headers.map { name, value in
            // The decoder leaves white space behind a value in place.
            WireReading.Field(name: Array(name.utf8), value: WireReading.Field.trimmed(value.utf8))
        }
        reading.messages.append(WireReading.Message(start: Array(start.utf8), fields: fields, keepsAlive: keepsAlive))
    }

    private static func append(_ bytes: ByteBuffer, _ reading: inout WireReading) {
        guard let last = reading.messages.indices.last else { return }
        reading.messages[last].body += bytes.readableBytesView
    }

    private static func end(_ reading: inout WireReading) {
        guard let last = reading.messages.indices.last else { return }
        reading.messages[last].isComplete = true
    }
}

extension WireReading.Message {
    /// `Upgrade` together with `Connection: upgrade`.
    var asksForUpgrade: Bool {
        fields.contains { $0.isNamed("upgrade") }
            && fields.contains { $0.isNamed("connection") && $0.lists("upgrade") }
    }
}
