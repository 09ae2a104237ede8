// What a scan says when it refuses a body. The HTTP door turns it into a 400 with a JSON-RPC error. The text is made
// here, once, after the scan has failed; inside the scan a failure is the small `ScanFailure`.

/// Why a body was refused. The text names the byte and never repeats bytes of the body.
public struct ScanError: Error, Equatable, Sendable {
    /// ``RPCErrorCode/parseError`` for what is not JSON, else ``RPCErrorCode/invalidRequest``.
    public var code: RPCErrorCode
    /// What is wrong, at which byte, and what to do.
    public var reason: String
    /// The raw id token if it was read, is valid and occurs once; else absent. Always absent for an array.
    public var id: ByteRange

    public init(code: RPCErrorCode, reason: String, id: ByteRange) {
        self.code = code
        self.reason = reason
        self.id = id
    }

    init(_ failure: ScanFailure, id: ByteRange) {
        let key = failure.key.map { " (\($0.text))" } ?? ""
        self.init(
            code: failure.reason.code, reason: "byte \(failure.offset): \(failure.reason.text)\(key)", id: id)
    }
}

/// A failure as the scanner passes it upward: no text, no allocation.
struct ScanFailure: Error {
    var reason: Reason
    var key: WatchedKey?
    var offset: Int

    init(_ reason: Reason, at offset: Int, key: WatchedKey? = nil) {
        self.reason = reason
        self.key = key
        self.offset = offset
    }

    enum Reason: UInt8 {
        // Not JSON.
        case endsEarly, notAValue, notAKey, noColon, noCommaInObject, noCommaInArray, badNumber
        case badEscape, controlByte, badUTF8, trailingBytes
        // Limits.
        case bodyTooLong, tooDeep, tooManyKeys, tooManyTokens, numberTooLong, idTooLong, batchTooLong
        // JSON, but not a message.
        case notAMessage, unexpectedBatch, nestedBatch, emptyBatch, duplicate, caseVariant
        case noVersion, badVersion, badID, noID, badMethod, badParams, badError
        case methodAndAnswer, twoAnswers, noMethod

        var code: RPCErrorCode { rawValue <= Reason.trailingBytes.rawValue ? .parseError : .invalidRequest }

        var text: StaticString {
            switch self {
            case .endsEarly: "the JSON ends too early; send the whole message"
            case .notAValue: "not the start of a JSON value; send RFC 8259 JSON"
            case .notAKey: "a member name in double quotes is missing; send RFC 8259 JSON"
            case .noColon: "the colon behind a member name is missing; send RFC 8259 JSON"
            case .noCommaInObject: "a comma or a closing brace is missing; send RFC 8259 JSON"
            case .noCommaInArray: "a comma or a closing bracket is missing; send RFC 8259 JSON"
            case .badNumber: "a number is not written as RFC 8259 wants it; send RFC 8259 JSON"
            case .badEscape: "an unknown escape in a string; use the escapes of RFC 8259, section 7"
            case .controlByte: "a control character in a string; write it as an escape"
            case .badUTF8: "a string is not valid UTF-8; encode the body as UTF-8"
            case .trailingBytes: "more bytes behind the JSON value; send exactly one value"
            case .bodyTooLong: "the body is longer than offsets of 32 bits reach; send less than 4 GiB"
            case .tooDeep: "arrays and objects are nested too deep; nest less or raise the depth limit"
            case .tooManyKeys: "an object has too many members; send fewer or raise the key limit"
            case .tooManyTokens: "the body has too many keys and values; send fewer or raise the token limit"
            case .numberTooLong: "a number has too many digits; send it as a string or raise the number limit"
            case .idTooLong: "the id is too long; use a shorter id"
            case .batchTooLong: "the array holds too many messages; send them in several requests"
            case .notAMessage: "a JSON-RPC message is an object; send one object"
            case .unexpectedBatch: "an array of messages where one message is due; send one message"
            case .nestedBatch: "an array inside an array of messages; send the messages in one flat array"
            case .emptyBatch: "an array without messages; send at least one message"
            case .duplicate: "a member occurs twice; send it once"
            case .caseVariant: "a member name differs only in case from one of the protocol; use the exact name"
            case .noVersion: "the member jsonrpc is missing; send \"jsonrpc\":\"2.0\""
            case .badVersion: "the member jsonrpc is not \"2.0\"; send \"jsonrpc\":\"2.0\""
            case .badID: "the id is neither a string nor an integer; send one of these"
            case .noID: "a result without an id; send the id of the request"
            case .badMethod: "the method is not a string; send its name as a string"
            case .badParams: "params is not an object; send an object or leave it out"
            case .badError: "error is not an object; send an object with code and message"
            case .methodAndAnswer: "a method together with a result or an error; send a request or an answer"
            case .twoAnswers: "a result together with an error; send one of them"
            case .noMethod: "neither method nor result nor error; send a JSON-RPC 2.0 message"
            }
        }
    }
}
