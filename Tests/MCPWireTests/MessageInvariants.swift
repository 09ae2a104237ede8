// What must hold for every body, whoever made it. The fuzz target stops at the first violation, and the corpus test
// checks the same for each file.
import MCPWire

enum MessageInvariants {
    /// The first invariant that the body breaks, or nil.
    ///
    /// The scanner and the reference accept the same bodies and find the same members in them; it does not matter
    /// what white space stands around a body, nor whether a message comes alone or in an array. The outline of a
    /// message says what the scanner says of it.
    static func violation(_ bytes: [UInt8]) -> String? {
        let found = scanBody(bytes)
        return difference(found, bytes) ?? differenceAlone(found, bytes) ?? differenceInSpace(found, bytes)
            ?? outlineViolation(found, bytes) ?? stringViolation(bytes)
    }

    private static func outlineViolation(_ found: Result<ScannedBody, ScanError>, _ bytes: [UInt8]) -> String? {
        let outline = withExactBytes(bytes) { MessageOutline($0) }
        if let outline, outline.id.range.upperBound > bytes.count || outline.method.range.upperBound > bytes.count {
            return "the outline leaves the body"
        }
        guard case .success(.message(let message)) = found else { return nil }
        guard let outline else { return "a message without an outline" }
        let isSame = outline.kind == message.kind && outline.id == message.id && outline.method == message.method
        return isSame ? nil : "outline \(outline), message \(message)"
    }

    // MARK: The reference

    private static func difference(_ found: Result<ScannedBody, ScanError>, _ bytes: [UInt8]) -> String? {
        let parsed: ReferenceJSON
        do throws(ReferenceJSON.Failure) {
            parsed = try ReferenceParser.parse(bytes)
        } catch {
            guard case .failure(let refusal) = found else { return "accepted, but the reference says \(error)" }
            // Behind an id that is too long nothing is read, so there the two may have met different things first.
            let expected: RPCErrorCode = if case .notJSON = error { .parseError } else { .invalidRequest }
            let isSame = refusal.code == expected || bytes.count > 256
            return isSame ? nil : "\(refusal.reason), the reference says \(error)"
        }
        switch found {
        case .failure(let refusal):
            if refusal.code == .parseError { return "the reference says that it is JSON: \(refusal.reason)" }
            if refusal.id.range.upperBound > bytes.count { return "the id leaves the body" }
            let messages = parsed.kind == .array ? parsed.elements : [parsed]
            let isAccepted = !messages.isEmpty && messages.count <= 100
                && messages.allSatisfy { ReferenceMessage($0, bytes) != nil }
            return isAccepted ? "refused, but the reference accepts it: \(refusal.reason)" : nil
        case .success(.message(let message)):
            return difference(message, parsed, bytes)
        case .success(.batch(let messages)):
            guard parsed.kind == .array, !messages.isEmpty, messages.count == parsed.elements.count else {
                return "the batch has \(messages.count) messages, the reference \(parsed.elements.count)"
            }
            return zip(messages, parsed.elements).lazy.compactMap { difference($0, $1, bytes) }.first
        }
    }

    private static func difference(_ message: Message, _ value: ReferenceJSON, _ bytes: [UInt8]) -> String? {
        guard let expected = ReferenceMessage(value, bytes) else { return "accepted, but the reference refuses it" }
        if message.range.range != value.range { return "range" }
        if message.kind != expected.kind { return "kind \(message.kind), not \(expected.kind)" }
        if message.knownMethod != expected.method ?? .none { return "method \(message.knownMethod)" }
        if message.hasMeta != expected.hasMeta { return "hasMeta" }
        if message.hasClientCapabilities != expected.hasClientCapabilities { return "hasClientCapabilities" }
        for (name, member) in messageRanges {
            let range = message[keyPath: member]
            let own = range.isAbsent ? nil : Array(bytes[range.range])
            if own != expected.members[name] { return "member \(name)" }
        }
        return nil
    }

    // MARK: The scanner with itself

    /// `scanMessage` is `scan` without arrays.
    private static func differenceAlone(_ found: Result<ScannedBody, ScanError>, _ bytes: [UInt8]) -> String? {
        let alone = try? Scanned(bytes).message
        switch (found, alone) {
        case (.success(.message(let message)), let alone?):
            return describe(message, in: bytes) == describe(alone, in: bytes) ? nil : "scanMessage differs"
        case (.success(.message), nil): return "scanMessage refuses"
        case (_, _?): return "scanMessage accepts"
        default: return nil
        }
    }

    /// In white space, and as the one element of an array.
    private static func differenceInSpace(_ found: Result<ScannedBody, ScanError>, _ bytes: [UInt8]) -> String? {
        let spaced = [0x20, 0x0D, 0x0A] + bytes + [0x09]
        switch (found, scanBody(spaced)) {
        case (.success(.message(let message)), .success(.message(let other))):
            if describe(message, in: bytes, shiftedBy: 3) != describe(other, in: spaced) { return "in white space" }
        case (.success(.batch(let messages)), .success(.batch(let others))):
            return messages.count == others.count ? nil : "batch in white space"
        case (.failure(let error), .failure(let other)):
            return error.code == other.code ? nil : "error in white space"
        default: return "accepted only with white space or only without"
        }
        let array = [0x5B] + bytes + [0x5D]
        guard case .success(.message(let message)) = found, case .success(.batch(let batch)) = scanBody(array),
            let element = batch.first
        // One level deeper may be too deep.
        else { return bytes.count(where: { $0 == 0x7B || $0 == 0x5B }) >= 64 ? nil : "not accepted in an array" }
        let same = describe(message, in: bytes, shiftedBy: 1) == describe(element, in: array)
        return same ? nil : "in an array"
    }

    private static func describe(_ message: Message, in bytes: [UInt8], shiftedBy distance: UInt32 = 0) -> String {
        let ranges = messageRanges.map { name, member in
            let range = message[keyPath: member]
            return range.isAbsent ? "-" : "\(name) \(range.start + distance)..<\(range.end + distance)"
        }
        return "\(message.kind) \(message.knownMethod) \(message.hasMeta) \(message.hasClientCapabilities) \(ranges)"
    }

    // MARK: Strings

    /// What is written as a JSON string is read back as the same bytes, and an error body is always a message.
    private static func stringViolation(_ bytes: [UInt8]) -> String? {
        var escaped: [UInt8] = []
        JSONString.appendEscaped(bytes, to: &escaped)
        let text = Array(String(decoding: bytes, as: UTF8.self).utf8)
        guard withExactBytes(escaped, { JSONString.decode($0) }) == text else { return "an escaped text is another" }
        let body = ErrorBody.json(
            id: nil, code: .invalidRequest, message: String(decoding: bytes, as: UTF8.self), dataJSON: nil)
        guard case .success(.message(let message)) = scanBody(body), message.kind == .error, message.id.isAbsent else {
            return "an error body is no message"
        }
        // Raw contents, whatever they are: comparing and decoding agree, and neither leaves the buffer.
        let decoded = withExactBytes(bytes) { JSONString.decode($0) }
        if let decoded {
            let isSame = withExactBytes(bytes) { raw in
                decoded.withUnsafeBytes { JSONString.equals(raw, decoded: $0) }
            }
            if !isSame { return "decoded contents do not equal themselves" }
        }
        return nil
    }
}
