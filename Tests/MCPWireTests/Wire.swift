// What the tests of this target share: scanning texts, cutting ranges out of them, a readable form of a message, and a
// seeded generator. Bytes are put into exactly sized allocations, so that the address sanitizer sees a read beyond.

import MCPWire

/// Runs a closure on a copy of the bytes in an allocation without slack.
func withExactBytes<Result>(_ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    return try body(UnsafeRawBufferPointer(copy))
}

func withExactBytes<Result>(_ text: String, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try withExactBytes(Array(text.utf8), body)
}

/// A scanned message together with its bytes.
struct Scanned {
    let bytes: [UInt8]
    let message: Message

    init(_ text: String, limits: ScanLimits = ScanLimits()) throws {
        try self.init(Array(text.utf8), limits: limits)
    }

    init(_ bytes: [UInt8], limits: ScanLimits = ScanLimits()) throws {
        self.bytes = bytes
        self.message = try withExactBytes(bytes) { try MessageScanner.scanMessage($0, limits: limits) }
    }

    /// The text of a range, or nil when it is absent.
    subscript(_ member: KeyPath<Message, ByteRange>) -> String? { text(message[keyPath: member], in: bytes) }
}

func text(_ range: ByteRange, in bytes: [UInt8]) -> String? {
    range.isAbsent ? nil : String(decoding: bytes[range.range], as: UTF8.self)
}

func scanBody(_ bytes: [UInt8], limits: ScanLimits = ScanLimits()) -> Result<ScannedBody, ScanError> {
    withExactBytes(bytes) { bytes in
        do throws(ScanError) {
            return .success(try MessageScanner.scan(bytes, limits: limits))
        } catch {
            return .failure(error)
        }
    }
}

/// The error of a scan, or nil when the body is accepted.
func refusal(_ bytes: [UInt8], limits: ScanLimits = ScanLimits()) -> ScanError? {
    if case .failure(let error) = scanBody(bytes, limits: limits) { error } else { nil }
}

func refusal(_ text: String, limits: ScanLimits = ScanLimits()) -> ScanError? {
    refusal(Array(text.utf8), limits: limits)
}

let messageRanges: [(name: String, member: KeyPath<Message, ByteRange> & Sendable)] = [
    ("id", \.id), ("method", \.method), ("params", \.params), ("result", \.result), ("error", \.error),
    ("name", \.name), ("uri", \.uri), ("taskId", \.taskId), ("cursor", \.cursor),
    ("requestState", \.requestState), ("requestId", \.requestId), ("progressToken", \.progressToken),
    ("protocolVersion", \.protocolVersion), ("metaProtocolVersion", \.metaProtocolVersion),
    ("resultType", \.resultType), ("resultRequestState", \.resultRequestState), ("nextCursor", \.nextCursor),
    ("resultTaskId", \.resultTaskId), ("supportedVersions", \.supportedVersions),
]

/// Everything that the scanner found, on one line; long values as their offsets.
func describe(_ message: Message, in bytes: [UInt8]) -> String {
    var parts = ["\(message.kind)", "\(message.knownMethod)"]
    for (name, member) in messageRanges {
        let range = message[keyPath: member]
        guard !range.isAbsent else { continue }
        let isLong = ["params", "result", "error"].contains(name)
        parts.append("\(name)=\(isLong ? "\(range.start)..<\(range.end)" : text(range, in: bytes) ?? "")")
    }
    if message.hasMeta { parts.append("hasMeta") }
    if message.hasClientCapabilities { parts.append("hasClientCapabilities") }
    return parts.joined(separator: " ")
}

/// SplitMix64: the same numbers on every machine for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
