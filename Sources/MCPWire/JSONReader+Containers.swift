// Arrays and objects of the JSON reader: opening, stepping, closing, and passing over whole values without recursion.
// The depth of a text costs one bit and one counter per level, both in fixed places.

extension JSONReader {
    private var limitOfDepth: Int { min(limits.depth, ScanLimits.depthMaximum) }

    // MARK: Stepping through one container

    /// Enters the object whose brace is at the position. False when it is empty and already closed.
    mutating func beginObject() throws(ScanFailure) -> Bool {
        try open(isObject: true)
        if current != UInt8(ascii: "}") { return true }
        close()
        return false
    }

    /// Enters the array whose bracket is at the position. False when it is empty and already closed.
    mutating func beginArray() throws(ScanFailure) -> Bool {
        try open(isObject: false)
        if current != UInt8(ascii: "]") { return true }
        close()
        return false
    }

    /// Reads a member name and its colon; the position is then at the value.
    mutating func key() throws(ScanFailure) -> StringToken {
        guard current == UInt8(ascii: "\"") else { throw failure(.notAKey) }
        let innermost = level &- 1
        guard innermost >= 0, members[innermost] < limits.keysPerObject else {
            throw ScanFailure(.tooManyKeys, at: position)
        }
        members[innermost] &+= 1
        try count()
        let token = try string()
        skipSpace()
        guard current == UInt8(ascii: ":") else { throw failure(.noColon) }
        position &+= 1
        skipSpace()
        return token
    }

    /// Behind a value: goes to the next member or element, or closes the container and says false.
    mutating func hasNext() throws(ScanFailure) -> Bool {
        let isObject = objects & 1 == 1
        skipSpace()
        switch current {
        case UInt8(ascii: ","):
            position &+= 1
            skipSpace()
            return true
        case UInt8(ascii: "}") where isObject, UInt8(ascii: "]") where !isObject:
            close()
            return false
        default:
            throw failure(isObject ? .noCommaInObject : .noCommaInArray)
        }
    }

    private mutating func open(isObject: Bool) throws(ScanFailure) {
        guard level < limitOfDepth else { throw ScanFailure(.tooDeep, at: position) }
        try count()
        members[level] = 0
        level &+= 1
        objects = objects << 1 | (isObject ? 1 : 0)
        position &+= 1
        skipSpace()
    }

    private mutating func close() {
        level &-= 1
        objects >>= 1
        position &+= 1
    }

    // MARK: Whole values

    /// Passes over the value at the position, whatever it holds.
    mutating func skipValue() throws(ScanFailure) {
        let floor = level
        while true {
            switch current {
            case UInt8(ascii: "{"):
                if try beginObject() {
                    _ = try key()
                    continue
                }
            case UInt8(ascii: "["):
                if try beginArray() { continue }
            default:
                try skipScalar()
            }
            // A value has ended here; so may containers around it.
            var ended = true
            while ended && level > floor { ended = try !hasNext() }
            if ended { return }
            if objects & 1 == 1 { _ = try key() }
        }
    }

    private mutating func skipScalar() throws(ScanFailure) {
        try count()
        switch current {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): _ = try number()
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: throw failure(.notAValue)
        }
    }
}
