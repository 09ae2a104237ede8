// The messages of a simulation. Each bears the mark of its session, and the place in its stream, so that one look tells
// whether it is where it belongs.

enum Payload {
    static func initialize(mark: String, revision: String) -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"\#(revision)","#
            + #""capabilities":{"elicitation":{}},"clientInfo":{"name":"sim","version":"1"},"mark":"\#(mark)"}}"#
    }

    static func initialized(mark: String, revision: String) -> String {
        #"{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"\#(revision)","capabilities":"#
            + #"{"tools":{"listChanged":true}},"serverInfo":{"name":"fake","version":"1"},"mark":"\#(mark)"}}"#
    }

    static func call(_ id: Int, method: String, mark: String, call: String, extra: String = "") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":{"name":"tool","arguments":{"#
            + #""mark":"\#(mark)","call":"\#(call)"\#(extra)}}}"#
    }

    static func note(_ method: String, mark: String) -> String {
        #"{"jsonrpc":"2.0","method":"\#(method)","params":{"mark":"\#(mark)"}}"#
    }

    // MARK: Extra members

    /// Bytes of ``large``: more than is held of an answer, and kept of a request, without being counted.
    static let largeBytes = 24 * 1024
    static let large = #","pad":""# + String(repeating: "x", count: largeBytes) + #"""#
    /// Deeper than a gateway reads.
    static let deep = #","deep":"# + String(repeating: "[", count: 70) + String(repeating: "]", count: 70)

    // MARK: Of servers

    static func progress(mark: String, call: String, place: Int, extra: String = "") -> String {
        #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":1,"progress":\#(place),"#
            + marks(mark: mark, call: call, place: place) + extra + "}}"
    }

    static func question(_ rawID: String, mark: String, call: String, place: Int, extra: String = "") -> String {
        #"{"jsonrpc":"2.0","id":\#(rawID),"method":"elicitation/create","params":{"#
            + marks(mark: mark, call: call, place: place) + extra + "}}"
    }

    /// - Parameter id: raw.
    static func result(_ id: String, mark: String, call: String, place: Int, extra: String = "") -> String {
        #"{"jsonrpc":"2.0","id":\#(id),"result":{"# + marks(mark: mark, call: call, place: place) + extra + "}}"
    }

    static func message(mark: String, place: Int, extra: String = "") -> String {
        #"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","#
            + marks(mark: mark, call: "get", place: place) + extra + "}}"
    }

    /// Whose it is: the members by which one sees whether something is where it belongs.
    static func marks(mark: String, call: String, place: Int) -> String {
        #""mark":"\#(mark)","call":"\#(call)","place":\#(place)"#
    }

    // MARK: Of clients

    /// - Parameter question: what the answer belongs to, so that its server can tell.
    static func answer(_ id: String, mark: String, question: String) -> String {
        #"{"jsonrpc":"2.0","id":"\#(id)","result":{"mark":"\#(mark)","question":"\#(question)"}}"#
    }
}

/// Reading what was written that way, without a parser: names occur once.
struct Fields {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The raw value behind `"name":`: a string without its quotes, a number, or what begins an object.
    func value(_ name: String) -> String? {
        let key = Array("\"\(name)\":".utf8)
        guard let start = Self.find(key, in: bytes) else { return nil }
        var end = start
        if end < bytes.count, bytes[end] == UInt8(ascii: "\"") {
            end += 1
            while end < bytes.count, bytes[end] != UInt8(ascii: "\"") { end += 1 }
            return String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
        }
        while end < bytes.count, bytes[end] != UInt8(ascii: ","), bytes[end] != UInt8(ascii: "}") { end += 1 }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    func number(_ name: String) -> Int? { value(name).flatMap { Int($0) } }

    func has(_ name: String) -> Bool { Self.find(Array("\"\(name)\":".utf8), in: bytes) != nil }

    /// The place behind `key`.
    static func find(_ key: [UInt8], in bytes: [UInt8]) -> Int? {
        guard let first = key.first, bytes.count >= key.count else { return nil }
        return bytes.withUnsafeBufferPointer { bytes in
            key.withUnsafeBufferPointer { key in
                for start in 0...(bytes.count - key.count) where bytes[start] == first {
                    var same = 1
                    while same < key.count, bytes[start + same] == key[same] { same += 1 }
                    if same == key.count { return start + key.count }
                }
                return nil
            }
        }
    }
}
