// The members of params, `params._meta` and result that the gateway acts on. Values of other types than expected are
// passed over and stay absent: whether a call is well made is for the server to say.

extension EnvelopeReader {
    mutating func params() throws(ScanFailure) {
        let start = json.position
        guard json.current == UInt8(ascii: "{") else {
            if json.current != UInt8(ascii: "n") { note(.badParams, at: start) }
            try json.skipValue()
            message.params = ByteRange(start, json.position)
            return
        }
        var seen: UInt32 = 0
        var more = try json.beginObject()
        while more {
            switch try member(of: .params, &seen) {
            case .name: message.name = try contents()
            case .uri: message.uri = try contents()
            case .taskID: message.taskId = try contents()
            case .cursor: message.cursor = try contents()
            case .requestState: message.requestState = try contents()
            case .requestID: message.requestId = try token()
            case .progressToken: ownProgressToken = try token()
            case .protocolVersion: message.protocolVersion = try contents()
            case .meta: try meta()
            default: try json.skipValue()
            }
            more = try json.hasNext()
        }
        message.params = ByteRange(start, json.position)
    }

    private mutating func meta() throws(ScanFailure) {
        guard json.current == UInt8(ascii: "{") else { return try json.skipValue() }
        message.hasMeta = true
        var seen: UInt32 = 0
        var more = try json.beginObject()
        while more {
            switch try member(of: .meta, &seen) {
            case .progressToken: message.progressToken = try token()
            case .metaProtocolVersion: message.metaProtocolVersion = try contents()
            case .metaClientCapabilities:
                message.hasClientCapabilities = json.current == UInt8(ascii: "{")
                try json.skipValue()
            default: try json.skipValue()
            }
            more = try json.hasNext()
        }
    }

    mutating func result() throws(ScanFailure) {
        let start = json.position
        guard json.current == UInt8(ascii: "{") else {
            try json.skipValue()
            message.result = ByteRange(start, json.position)
            return
        }
        var seen: UInt32 = 0
        var more = try json.beginObject()
        while more {
            switch try member(of: .result, &seen) {
            case .resultType: message.resultType = try contents()
            case .requestState: message.resultRequestState = try contents()
            case .nextCursor: message.nextCursor = try contents()
            case .taskID: message.resultTaskId = try contents()
            case .protocolVersion: message.protocolVersion = try contents()
            case .supportedVersions: message.supportedVersions = try array()
            default: try json.skipValue()
            }
            more = try json.hasNext()
        }
        message.result = ByteRange(start, json.position)
    }

    // MARK: Values

    /// The contents of a string; absent for another type.
    private mutating func contents() throws(ScanFailure) -> ByteRange {
        try stringOrSkip()?.range ?? .absent
    }

    /// A string or a number as it stands; absent for another type.
    private mutating func token() throws(ScanFailure) -> ByteRange {
        let start = json.position
        let first = json.current
        try json.skipValue()
        switch first {
        case UInt8(ascii: "\""), UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return ByteRange(start, json.position)
        default:
            return .absent
        }
    }

    /// An array as it stands; absent for another type.
    private mutating func array() throws(ScanFailure) -> ByteRange {
        let start = json.position
        let isArray = json.current == UInt8(ascii: "[")
        try json.skipValue()
        return isArray ? ByteRange(start, json.position) : .absent
    }
}
