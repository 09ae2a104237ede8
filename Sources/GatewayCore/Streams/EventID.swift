// The ids that a client sees on events: `SEAL.STREAM.REQUEST.NUMBER`. The seal binds them to one session and one start
// of one host and is made once per session and host; the rest is readable. Who alters it can only reach other streams
// of the session that is already theirs.
internal import HTTPWire
internal import MCPWire
internal import SealedBox

/// Where in which stream a client is.
struct EventID: Equatable {
    /// Longest id that is looked at, in bytes.
    static let bytesMax = 512
    /// Longest request id that is carried, in bytes. A longer one is left out, and its loss cannot be told by id.
    static let requestBytesMax = 64
    private static let context: StaticString = "patchbay stream 1"
    private static let plainBytes = 24

    var session: SessionID
    /// The incarnation of the member that holds the stream.
    var host: UInt64
    var stream: StreamName
    /// The raw JSON id of the call whose stream this is; empty for the session's own stream.
    var request: [UInt8]
    /// Of the last event that the client has got.
    var number: UInt64

    var isCall: Bool { stream.kind == .call }

    // MARK: Making

    /// The sealed part for all streams of a session at one host.
    static func seal(_ session: SessionID, host: UInt64, _ sealer: Sealer) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(plainBytes)
        for word in [session.high, session.low, host] {
            for shift in stride(from: 56, through: 0, by: -8) { plain.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        var text: [UInt8] = []
        plain.withUnsafeBytes { sealer.seal($0, context: context) }
            .withUnsafeBytes { Base64URL.encode($0, into: &text) }
        return text
    }

    /// `id: SEAL.STREAM.REQUEST.`, to which a number and a line feed are added for each event.
    static func linePrefix(seal: [UInt8], _ stream: StreamName, request: UnsafeRawBufferPointer) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(seal.count + 2 * min(request.count, requestBytesMax) + 32)
        text.append(contentsOf: idField)
        text.append(contentsOf: seal)
        text.append(UInt8(ascii: "."))
        stream.append(to: &text)
        text.append(UInt8(ascii: "."))
        appendRequest(request, to: &text)
        text.append(UInt8(ascii: "."))
        return text
    }

    private static let idField = Array("id: ".utf8)

    /// A number stands as it is behind `~`, everything else in Base64.
    private static func appendRequest(_ request: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        guard request.count <= requestBytesMax else { return }
        if !request.isEmpty, request.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) {
            text.append(UInt8(ascii: "~"))
            text.append(contentsOf: request)
        } else {
            Base64URL.encode(request, into: &text)
        }
    }

    // MARK: Reading

    /// Nil for everything that is not an id of ours.
    static func open(_ text: UnsafeRawBufferPointer, _ sealer: Sealer) -> EventID? {
        guard text.count <= bytesMax else { return nil }
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4, let stream = StreamName(parts[1]), let number = decimal(parts[3]),
            let request = request(UnsafeRawBufferPointer(rebasing: parts[2])), request.count <= requestBytesMax,
            let sealed = Base64URL.decode(UnsafeRawBufferPointer(rebasing: parts[0])),
            let plain = sealed.withUnsafeBytes({ sealer.open($0, context: context) }), plain.count == plainBytes
        else { return nil }
        func word(_ start: Int) -> UInt64 { plain[start..<(start + 8)].reduce(0) { $0 << 8 | UInt64($1) } }
        return EventID(
            session: SessionID(high: word(0), low: word(8)), host: word(16), stream: stream, request: request,
            number: number)
    }

    private static func request(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        if text.first != UInt8(ascii: "~") { return Base64URL.decode(text).flatMap { isRequestID($0) ? $0 : nil } }
        let digits = Array(text.dropFirst())
        let isNumber = !digits.isEmpty && digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
        return isNumber && isRequestID(digits) ? digits : nil
    }

    /// Nothing, or what JSON-RPC takes for the id of a request: it is written into an answer as it stands.
    private static func isRequestID(_ bytes: [UInt8]) -> Bool {
        if bytes.isEmpty { return true }
        var message = Array(#"{"jsonrpc":"2.0","method":"m","id":"#.utf8)
        let start = message.count
        message.append(contentsOf: bytes)
        message.append(UInt8(ascii: "}"))
        let scanned = message.withUnsafeBytes { try? MessageScanner.scanMessage($0, limits: ScanLimits()) }
        guard let id = scanned?.id, !id.isAbsent else { return false }
        return Int(id.start) == start && id.count == bytes.count
    }

    private static func decimal(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt64? {
        guard (1...20).contains(digits.count), digits.count == 1 || digits.first != 0x30 else { return nil }
        var number: UInt64 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x39 else { return nil }
            let (tens, over) = number.multipliedReportingOverflow(by: 10)
            let (sum, overSum) = tens.addingReportingOverflow(UInt64(digit - 0x30))
            guard !over, !overSum else { return nil }
            number = sum
        }
        return number
    }
}

/// The name of a stream at its host: which event loop, which place there, and a stamp that tells its users apart.
struct StreamName: Hashable, Sendable {
    enum Kind: UInt8, Sendable {
        /// The answer to one call.
        case call = 0x63
        /// The session's own stream, which a client opens with GET.
        case session = 0x67
    }

    var kind: Kind
    var loop: UInt8
    /// Below 2^24.
    var slot: UInt32
    /// Not 0.
    var stamp: UInt32

    private var word: UInt64 { UInt64(loop) << 56 | UInt64(slot & 0xFF_FFFF) << 32 | UInt64(stamp) }

    init(kind: Kind, loop: UInt8, slot: UInt32, stamp: UInt32) {
        self.kind = kind
        self.loop = loop
        self.slot = slot & 0xFF_FFFF
        self.stamp = stamp
    }

    /// From `c` or `g` and up to sixteen hexadecimal digits, lower case.
    init?(_ text: Slice<UnsafeRawBufferPointer>) {
        guard let letter = text.first, let kind = Kind(rawValue: letter), (2...17).contains(text.count) else {
            return nil
        }
        var word: UInt64 = 0
        for digit in text.dropFirst() {
            switch digit {
            case 0x30...0x39: word = word << 4 | UInt64(digit - 0x30)
            case 0x61...0x66: word = word << 4 | UInt64(digit - 0x57)
            default: return nil
            }
        }
        self.kind = kind
        loop = UInt8(truncatingIfNeeded: word >> 56)
        slot = UInt32(truncatingIfNeeded: word >> 32) & 0xFF_FFFF
        stamp = UInt32(truncatingIfNeeded: word)
    }

    func append(to text: inout [UInt8]) {
        text.append(kind.rawValue)
        let word = word
        // Four bits a digit, without leading zeros.
        var shift = UInt64(max(0, 63 &- word.leadingZeroBitCount)) & ~3
        while true {
            let digit = UInt8(truncatingIfNeeded: word &>> shift) & 0xF
            text.append(digit < 10 ? 0x30 &+ digit : 0x57 &+ digit)
            if shift == 0 { return }
            shift &-= 4
        }
    }

    /// Never 0, since no stamp is: for the place in a session that holds the name of its own stream.
    var packed: UInt64 { word }

    static func unpack(_ packed: UInt64) -> StreamName? {
        packed == 0
            ? nil
            : StreamName(
                kind: .session, loop: UInt8(truncatingIfNeeded: packed >> 56),
                slot: UInt32(truncatingIfNeeded: packed >> 32), stamp: UInt32(truncatingIfNeeded: packed))
    }
}
