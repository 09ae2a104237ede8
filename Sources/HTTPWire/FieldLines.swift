// Reads header lines one after the other and keeps what framing depends on. Shared by requests and answers, which
// differ only in their start line. Resumable line by line, so that a head that arrives byte by byte costs no more.

/// The header lines of one head so far.
struct FieldLines {
    private(set) var fields: [HeadField] = []
    /// Where the next unread line begins.
    private(set) var lineStart = 0
    private(set) var known = KnownFields()
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var saysClose = false
    private(set) var saysKeepAlive = false
    /// `Connection` names something else than how long the connection lasts.
    private(set) var namesOptions = false

    mutating func reset() {
        fields.removeAll(keepingCapacity: true)
        lineStart = 0
        known = KnownFields()
        contentLength = nil
        isChunked = false
        saysClose = false
        saysKeepAlive = false
        namesOptions = false
    }

    /// The next line without its CR LF, or nil when it has not arrived whole.
    mutating func nextLine(
        in bytes: UnsafeRawBufferPointer, limits: HeadLimits
    ) throws(HeadError) -> Range<Int>? {
        let rest = UnsafeRawBufferPointer(rebasing: bytes[min(lineStart, bytes.count)...])
        guard let length = ByteSearch.firstIndex(of: 0x0A, in: rest) else {
            if bytes.count > limits.blockBytes { throw .headTooLarge }
            return nil
        }
        let lineFeed = lineStart + length
        if lineFeed + 1 > limits.blockBytes { throw .headTooLarge }
        guard length > 0, bytes[lineFeed - 1] == 0x0D else { throw .bareLineFeed }
        defer { lineStart = lineFeed + 1 }
        return lineStart..<(lineFeed - 1)
    }

    /// Reads all lines that are there. True when the empty line that ends the head was read.
    mutating func read(_ bytes: UnsafeRawBufferPointer, limits: HeadLimits) throws(HeadError) -> Bool {
        while let line = try nextLine(in: bytes, limits: limits) {
            if line.isEmpty { return true }
            try readField(bytes, line, limits: limits)
        }
        return false
    }

    private mutating func readField(
        _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>, limits: HeadLimits
    ) throws(HeadError) {
        guard fields.count < limits.fields else { throw .tooManyFields }
        if bytes[line.lowerBound] == 0x20 || bytes[line.lowerBound] == 0x09 { throw .folded }
        var colon = line.lowerBound
        while colon < line.upperBound, ByteClass.isToken(bytes[colon]) { colon += 1 }
        guard colon > line.lowerBound, colon < line.upperBound, bytes[colon] == 0x3A else { throw .badName }
        var start = colon + 1
        var end = line.upperBound
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while end > start, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        let value = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        if ByteClass.hasControl(value) {
            throw ByteSearch.firstIndex(of: 0x0D, in: value) == nil ? .controlByte : .bareCarriageReturn
        }
        let name = HeaderName.find(UnsafeRawBufferPointer(rebasing: bytes[line.lowerBound..<colon]))
        let range = HeadRange(start: start, end: end)
        fields.append(
            HeadField(name: name, nameRange: HeadRange(start: line.lowerBound, end: colon), value: range))
        if name != .other { try note(name, range, value, endsLine: end == line.upperBound) }
    }

    /// - Parameter endsLine: nothing stands behind the value. Some readers take a tab there for a part of the value,
    ///   and would find another end of the body; so framing values must stand alone.
    private mutating func note(
        _ name: HeaderName, _ range: HeadRange, _ value: UnsafeRawBufferPointer, endsLine: Bool
    ) throws(HeadError) {
        switch name {
        case .contentLength:
            guard contentLength == nil else { throw .twoLengths }
            guard endsLine, let length = Decimal.parse(value) else { throw .badLength }
            contentLength = length
        case .transferEncoding:
            guard !isChunked, endsLine, ByteCompare.equalIgnoringCase(value, "chunked") else { throw .badCoding }
            isChunked = true
        case .connection:
            // With tabs around an option, readers disagree whether it is one. To close is right in either case.
            if !endsLine || ByteSearch.firstIndex(of: 0x09, in: value) != nil { saysClose = true }
            HeaderList.forEach(value) { option in
                if ByteCompare.equalIgnoringCase(option, "close") {
                    saysClose = true
                } else if ByteCompare.equalIgnoringCase(option, "keep-alive") {
                    saysKeepAlive = true
                } else {
                    namesOptions = true
                }
            }
        default:
            break
        }
        known.note(name, range)
    }
}

/// The first line of each watched name, and which names came twice.
public struct KnownFields: Sendable {
    private var ranges = InlineArray<16, HeadRange>(repeating: .absent)
    private var seen: UInt64 = 0
    private var repeated: UInt64 = 0

    mutating func note(_ name: HeaderName, _ range: HeadRange) {
        let bit: UInt64 = 1 &<< UInt64(name.rawValue)
        if seen & bit != 0 { repeated |= bit }
        let slot = Int(name.rawValue)
        if slot < ranges.count, seen & bit == 0 { ranges[slot] = range }
        seen |= bit
    }

    /// The value of the first line with this name; absent for names that are not watched.
    public subscript(name: HeaderName) -> HeadRange {
        let slot = Int(name.rawValue)
        return slot < ranges.count ? ranges[slot] : .absent
    }

    /// More than one line has this name.
    public func isRepeated(_ name: HeaderName) -> Bool { repeated &>> UInt64(name.rawValue) & 1 == 1 }
}
