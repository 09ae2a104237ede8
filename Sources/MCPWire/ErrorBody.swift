// Writes the JSON-RPC errors that the gateway gives itself, for HTTP bodies and for SSE events alike. It never
// re-serialises a server's error.

/// JSON-RPC error responses as bytes, always on one line.
public enum ErrorBody {
    /// `{"jsonrpc":"2.0","id":…,"error":{"code":…,"message":"…","data":…}}`
    ///
    /// - Parameters:
    ///   - id: the raw id token as the scanner found it (with quotes when a string); nil or empty writes `null`.
    ///   - message: escaped here.
    ///   - dataJSON: one JSON value, written as it is; nil leaves `data` out.
    public static func json(
        id: UnsafeRawBufferPointer?, code: RPCErrorCode, message: String, dataJSON: String?
    ) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(96 + message.utf8.count + (dataJSON?.utf8.count ?? 0) + (id?.count ?? 0))
        out.append(contentsOf: #"{"jsonrpc":"2.0","id":"#.utf8)
        if let id, !id.isEmpty {
            out.append(contentsOf: id)
        } else {
            out.append(contentsOf: "null".utf8)
        }
        out.append(contentsOf: #","error":{"code":"#.utf8)
        out.append(contentsOf: String(code.rawValue).utf8)
        out.append(contentsOf: #","message":""#.utf8)
        JSONString.appendEscaped(message.utf8, to: &out)
        out.append(UInt8(ascii: "\""))
        if let dataJSON {
            out.append(contentsOf: #","data":"#.utf8)
            out.append(contentsOf: dataJSON.utf8)
        }
        out.append(contentsOf: "}}".utf8)
        return out
    }
}
