// Compares what the readers under test make of a stream with what the oracle makes of it: whatever is accepted must be
// accepted by the oracle too, as the same messages with the same bodies, so that nobody reads one message as two.

enum Agreement {
    /// What differs, or nil. The oracle may refuse less, never more; what `LooserCase` lists is left out.
    static func disagreement(_ side: WireReading.Side, _ bytes: [UInt8], isEnded: Bool = false) -> String? {
        var ours = WireReader.read(side, bytes, isEnded: isEnded)
        let rewritten = side == .requests ? withKnownMethods(bytes, &ours) : bytes
        let oracle = Oracle.read(side, rewritten, isEnded: isEnded, mostAnswers: ours.messages.count + 2)
        guard let difference = difference(ours, oracle) else { return nil }
        return "\(difference)\n  stream \(WireReading.ascii(bytes))\n  ours   \(ours)\n  oracle \(oracle)"
    }

    private static func difference(_ ours: WireReading, _ oracle: WireReading) -> String? {
        for (index, message) in ours.messages.enumerated() {
            guard index < oracle.messages.count else {
                return oracle.switchesProtocol ? nil : "message \(index) is none for the oracle"
            }
            let other = oracle.messages[index]
            if message.start != other.start { return "start line of message \(index)" }
            if message.fields != other.fields { return "header lines of message \(index)" }
            if message.isComplete, message.body != other.body || !other.isComplete { return "body of message \(index)" }
            if !other.body.starts(with: message.body) { return "beginning of the body of message \(index)" }
            // The oracle takes the old `Proxy-Connection` for `Connection`, and refuses what follows a close.
            if message.fields.contains(where: { $0.isNamed("proxy-connection") }) { return nil }
            // To close where the oracle would go on is safe: then there is no next message.
            if message.keepsAlive && !other.keepsAlive { return "message \(index) keeps the connection" }
        }
        if ours.switchesProtocol || (oracle.switchesProtocol && oracle.messages.count == ours.messages.count) {
            return nil
        }
        switch ours.ending {
        case .refused, .closes:
            return nil
        case .wantsMore(let isClean):
            if oracle.messages.count != ours.messages.count { return "the oracle has read one message more" }
            if isClean, case .refused = oracle.ending { return "the oracle refuses" }
            return nil
        }
    }

    /// The stream and its reading with `PATCH` for each method that the oracle might not know: it has a fixed list,
    /// and RFC 9110 §9.1 has none.
    private static func withKnownMethods(_ bytes: [UInt8], _ ours: inout WireReading) -> [UInt8] {
        var rewritten: [UInt8] = []
        var copied = 0
        for index in ours.messages.indices {
            let message = ours.messages[index]
            let method = message.start.prefix { $0 != 0x20 }
            if known.contains(where: { method.elementsEqual($0) }) { continue }
            rewritten += bytes[copied..<message.offset] + Array("PATCH".utf8)
            copied = message.offset + method.count
            ours.messages[index].start.replaceSubrange(0..<method.count, with: "PATCH".utf8)
        }
        return rewritten + bytes[copied...]
    }

    private static let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"].map { Array($0.utf8) }
}
