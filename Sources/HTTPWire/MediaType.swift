// Comparing media types (RFC 9110 §8.3.1), without their parameters.

/// Questions about `Content-Type` and `Accept`.
public enum MediaType {
    /// Is `value`, less its parameters, this type? `type` is lower case.
    public static func matches(_ value: UnsafeRawBufferPointer, _ type: StaticString) -> Bool {
        if ByteCompare.equal(value, type) { return true }
        var end = 0
        while end < value.count, value[end] != 0x3B, value[end] != 0x20, value[end] != 0x09 { end += 1 }
        return ByteCompare.equalIgnoringCase(UnsafeRawBufferPointer(rebasing: value[..<end]), type)
    }

    /// Is this line of `Accept` what every MCP client sends? Saves taking the list apart.
    public static func isUsualAccept(_ line: UnsafeRawBufferPointer) -> Bool {
        ByteCompare.equal(line, "application/json, text/event-stream")
    }

    /// Does one line of `Accept` allow this type, by itself or by a wildcard? A weight of zero (`q=0`) refuses it.
    public static func isAccepted(_ line: UnsafeRawBufferPointer, _ type: StaticString, group: StaticString) -> Bool {
        var isAccepted = false
        HeaderList.forEach(line) { item in
            guard matches(item, type) || matches(item, group) || matches(item, "*/*") else { return }
            if !hasZeroWeight(item) { isAccepted = true }
        }
        return isAccepted
    }

    private static func hasZeroWeight(_ item: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index + 2 < item.count {
            if isSeparator(item[index]), item[index + 1] | 0x20 == 0x71, item[index + 2] == 0x3D {
                let weight = item[(index + 3)...].prefix { !isSeparator($0) }
                return !weight.isEmpty && weight.allSatisfy { $0 == 0x30 || $0 == 0x2E }
            }
            index += 1
        }
        return false
    }

    /// What stands around parameters.
    private static func isSeparator(_ byte: UInt8) -> Bool { byte == 0x3B || byte == 0x20 || byte == 0x09 }
}
