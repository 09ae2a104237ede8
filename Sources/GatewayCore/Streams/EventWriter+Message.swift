// The one form of event that the gateway says by itself: a JSON-RPC message.
internal import MCPWire

extension EventWriter {
    /// `event: message` with `json` as its data.
    static func message(_ json: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(json.count + 32)
        _ = append(name: "message", data: json, to: &out)
        return out
    }
}
