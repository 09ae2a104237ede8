// Numbers and literals of the JSON reader. They are checked and passed over, never converted: an id of 30 digits goes
// through the gateway as the same 30 digits.

extension JSONReader {
    /// Reads the number at the position. True when it has neither fraction nor exponent.
    mutating func number() throws(ScanFailure) -> Bool {
        let start = position
        var isInteger = true
        if current == UInt8(ascii: "-") { position &+= 1 }
        if current == UInt8(ascii: "0") {
            position &+= 1
            if isDigit(current) { throw failure(.badNumber) }
        } else {
            try digits()
        }
        if current == UInt8(ascii: ".") {
            isInteger = false
            position &+= 1
            try digits()
        }
        if current | 0x20 == UInt8(ascii: "e") {
            isInteger = false
            position &+= 1
            if current == UInt8(ascii: "+") || current == UInt8(ascii: "-") { position &+= 1 }
            try digits()
        }
        guard position &- start <= limits.numberBytes else { throw ScanFailure(.numberTooLong, at: start) }
        return isInteger
    }

    private mutating func digits() throws(ScanFailure) {
        let start = position
        while isDigit(current) { position &+= 1 }
        if position == start { throw failure(.badNumber) }
    }

    private func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    /// Reads the text of a literal, which is known to begin at the position by its first letter.
    mutating func literal(_ text: StaticString) throws(ScanFailure) {
        for expected in UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount) {
            guard current == expected else { throw failure(.notAValue) }
            position &+= 1
        }
    }
}
