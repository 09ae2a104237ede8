// A request in parts, so that a table entry names only what is wrong with it.

struct Draft: Sendable {
    var verb = "POST"
    var target: String
    var version = "HTTP/1.1"
    var headers: [(name: String, value: [UInt8])]
    var body: [UInt8]?

    /// Sets the only line of this name, or takes it away.
    subscript(_ name: String) -> String? {
        get { headers.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) } }
        set {
            headers.removeAll { $0.name == name }
            if let newValue { add(name, newValue) }
        }
    }

    mutating func add(_ name: String, _ value: String) { headers.append((name, Array(value.utf8))) }

    var bytes: [UInt8] {
        var bytes = Array("\(verb) \(target) \(version)\r\n".utf8)
        for (name, value) in headers { bytes += Array("\(name): ".utf8) + value + Array("\r\n".utf8) }
        if let body { bytes += Array("Content-Length: \(body.count)\r\n".utf8) }
        return bytes + Array("\r\n".utf8) + (body ?? [])
    }
}
