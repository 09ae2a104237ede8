// What can be said of a message that the scanner refuses: one that is nested too deep is still a question, an answer or
// a notification, and whoever passes it on must know which. Only the outermost level is read.

/// The outermost level of one JSON object that claims to be a JSON-RPC message.
///
/// Nothing below that level is checked, so this says what the message is, never that it is valid. One pass, no
/// recursion: nesting costs a counter.
public struct MessageOutline: Sendable, Equatable {
    public var kind: Message.Kind
    /// Raw token, checked to be what JSON-RPC takes for an id; absent where there is none, or none of that form.
    public var id: ByteRange
    /// Contents.
    public var method: ByteRange

    /// Bytes of an id that is looked at. A longer one counts as absent.
    public static let idBytesMax = 4_096

    /// Nil for what is no object from its first bracket to its last, or has neither a method nor an answer.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        var walk = OutlineWalk(bytes)
        guard walk.readObject() else { return nil }
        method = walk.method
        id = Self.isID(bytes.cut(walk.id)) ? walk.id : .absent
        if !method.isAbsent {
            kind = walk.id.isAbsent ? .notification : .request
        } else if walk.hasResult {
            kind = .result
        } else if walk.hasError {
            kind = .error
        } else {
            return nil
        }
    }

    /// It will be written into an answer as it stands.
    private static func isID(_ token: UnsafeRawBufferPointer) -> Bool {
        guard !token.isEmpty, token.count <= idBytesMax else { return false }
        var message = Array(#"{"jsonrpc":"2.0","method":"m","id":"#.utf8)
        let start = message.count
        message.append(contentsOf: token)
        message.append(UInt8(ascii: "}"))
        let limits = ScanLimits(numberBytes: idBytesMax, idBytes: idBytesMax)
        let scanned = message.withUnsafeBytes { try? MessageScanner.scanMessage($0, limits: limits) }
        guard let id = scanned?.id, !id.isAbsent else { return false }
        return Int(id.start) == start && id.count == token.count
    }
}

/// Goes over the members of one object and steps over their values.
private struct OutlineWalk {
    private let bytes: UnsafeRawBufferPointer
    private var place = 0
    var id = ByteRange.absent
    var method = ByteRange.absent
    var hasResult = false
    var hasError = false

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private func byte() -> UInt8? { bytes.byte(at: place) }

    private mutating func skipSpace() {
        while let next = byte(), next == 0x20 || (0x09...0x0D).contains(next) { place += 1 }
    }

    private mutating func take(_ wanted: UInt8) -> Bool {
        skipSpace()
        guard byte() == wanted else { return false }
        place += 1
        return true
    }

    /// True if the object is whole and nothing stands behind it.
    mutating func readObject() -> Bool {
        guard take(UInt8(ascii: "{")) else { return false }
        if !take(UInt8(ascii: "}")) {
            repeat {
                skipSpace()
                guard let key = string(), take(UInt8(ascii: ":")) else { return false }
                skipSpace()
                let start = place
                guard skipValue() else { return false }
                note(key, start, place)
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { return false }
        }
        skipSpace()
        return place == bytes.count
    }

    private mutating func note(_ key: Range<Int>, _ start: Int, _ end: Int) {
        let name = bytes.cut(from: key.lowerBound, to: key.upperBound)
        if JSONString.equals(name, "id") {
            // Null is no id (JSON-RPC 2.0, Response object).
            if bytes.byte(at: start) != UInt8(ascii: "n") { id = ByteRange(start, end) }
        } else if JSONString.equals(name, "method") {
            if bytes.byte(at: start) == UInt8(ascii: "\"") { method = ByteRange(start + 1, end - 1) }
        } else if JSONString.equals(name, "result") {
            hasResult = true
        } else if JSONString.equals(name, "error") {
            hasError = true
        }
    }

    /// The contents of the string that begins here.
    private mutating func string() -> Range<Int>? {
        guard byte() == UInt8(ascii: "\"") else { return nil }
        place += 1
        let start = place
        while let next = byte() {
            place += 1
            if next == UInt8(ascii: "\"") { return start..<(place - 1) }
            if next == UInt8(ascii: "\\") { place += 1 }
        }
        return nil
    }

    private mutating func skipValue() -> Bool {
        switch byte() {
        case UInt8(ascii: "\""): return string() != nil
        case UInt8(ascii: "{"), UInt8(ascii: "["): return skipContainer()
        case nil: return false
        default:
            let start = place
            while let next = byte(), next > 0x20, next != UInt8(ascii: ","), next != UInt8(ascii: "}"),
                next != UInt8(ascii: "]")
            {
                place += 1
            }
            return place > start
        }
    }

    private mutating func skipContainer() -> Bool {
        var depth = 0
        while let next = byte() {
            switch next {
            case UInt8(ascii: "\""):
                guard string() != nil else { return false }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            place += 1
            if depth == 0 { return true }
        }
        return false
    }
}
