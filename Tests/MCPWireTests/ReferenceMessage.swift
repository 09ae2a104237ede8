// The rules of JSON-RPC and of the gateway on a parsed value, written a second time. `MessageInvariants` compares the
// scanner with it, member by member.
import MCPWire

/// What a message says, by the reference.
struct ReferenceMessage {
    private(set) var kind = Message.Kind.notification
    private(set) var method: Method?
    /// Raw bytes of the members, under the names that `messageRanges` has.
    private(set) var members: [String: [UInt8]] = [:]
    private(set) var hasMeta = false
    private(set) var hasClientCapabilities = false

    private let bytes: [UInt8]
    private var isRefused = false
    private var hasCaseVariant = false

    /// Nil when the message has to be refused.
    init?(_ value: ReferenceJSON, _ bytes: [UInt8]) {
        self.bytes = bytes
        guard value.kind == .object else { return nil }
        let seen = envelope(value)
        judge(seen)
        if isRefused { return nil }
    }

    private enum Wanted { case contents, token, array }

    private static let params: [(name: String, member: String, wanted: Wanted)] = [
        ("name", "name", .contents), ("uri", "uri", .contents), ("taskId", "taskId", .contents),
        ("cursor", "cursor", .contents), ("requestState", "requestState", .contents),
        ("requestId", "requestId", .token), ("progressToken", "own progressToken", .token),
        ("protocolVersion", "protocolVersion", .contents),
    ]
    private static let meta: [(name: String, member: String, wanted: Wanted)] = [
        ("progressToken", "progressToken", .token),
        ("io.modelcontextprotocol/protocolVersion", "metaProtocolVersion", .contents),
    ]
    private static let result: [(name: String, member: String, wanted: Wanted)] = [
        ("resultType", "resultType", .contents), ("requestState", "resultRequestState", .contents),
        ("nextCursor", "nextCursor", .contents), ("taskId", "resultTaskId", .contents),
        ("protocolVersion", "protocolVersion", .contents), ("supportedVersions", "supportedVersions", .array),
    ]
    private static let clientCapabilities = "io.modelcontextprotocol/clientCapabilities"

    // MARK: Reading

    /// The values of the members with these names. Refused: one of them twice.
    private mutating func watched(
        _ names: [String], of value: ReferenceJSON, caseVariantsCount: Bool
    ) -> [String: ReferenceJSON] {
        var found: [String: ReferenceJSON] = [:]
        for member in value.members {
            guard let name = member.name else { continue }
            if let exact = names.first(where: { $0.utf8.elementsEqual(name) }) {
                if found[exact] != nil { isRefused = true }
                found[exact] = member.value
            } else if caseVariantsCount, names.contains(where: { Self.folded(Array($0.utf8)) == Self.folded(name) }) {
                hasCaseVariant = true
            }
        }
        return found
    }

    /// Lower case as some JSON libraries have it: the Kelvin sign is a k, the long s an s.
    private static func folded(_ name: [UInt8]) -> [UInt8] {
        let scalars = String(decoding: name, as: UTF8.self).unicodeScalars.map { scalar -> Unicode.Scalar in
            switch scalar {
            case "A"..."Z": Unicode.Scalar(UInt8(scalar.value) | 0x20)
            case "\u{212A}": "k"
            case "\u{17F}": "s"
            default: scalar
            }
        }
        return scalars.flatMap { Array(String($0).utf8) }
    }

    private mutating func note(
        _ wanted: [(name: String, member: String, wanted: Wanted)], _ found: [String: ReferenceJSON]
    ) {
        for (name, member, wanted) in wanted {
            guard let value = found[name] else { continue }
            switch (wanted, value.kind) {
            case (.contents, .string): members[member] = Array(bytes[value.range].dropFirst().dropLast())
            case (.token, .string), (.token, .number), (.array, .array): members[member] = Array(bytes[value.range])
            default: break
            }
        }
    }

    private mutating func envelope(_ value: ReferenceJSON) -> [String: ReferenceJSON] {
        let names = ["jsonrpc", "id", "method", "params", "result", "error"]
        let seen = watched(names, of: value, caseVariantsCount: true)
        if hasCaseVariant { isRefused = true }
        for name in ["params", "result", "error"] { members[name] = seen[name].map { Array(bytes[$0.range]) } }
        if let params = seen["params"] {
            let found = watched(Self.params.map(\.name) + ["_meta"], of: params, caseVariantsCount: true)
            note(Self.params, found)
            if let meta = found["_meta"], meta.kind == .object {
                hasMeta = true
                let names = Self.meta.map(\.name) + [Self.clientCapabilities]
                let found = watched(names, of: meta, caseVariantsCount: true)
                note(Self.meta, found)
                hasClientCapabilities = found[Self.clientCapabilities]?.kind == .object
            }
            if params.kind != .object && params.kind != .null { isRefused = true }
        }
        if let result = seen["result"] {
            note(Self.result, watched(Self.result.map(\.name), of: result, caseVariantsCount: false))
        }
        return seen
    }

    // MARK: Judging

    private mutating func judge(_ seen: [String: ReferenceJSON]) {
        if seen["jsonrpc"].map({ bytes[$0.range].elementsEqual("\"2.0\"".utf8) }) != true { isRefused = true }
        if let error = seen["error"], error.kind != .object { isRefused = true }
        judgeID(seen["id"], isError: seen["method"] == nil && seen["result"] == nil)
        let own = members.removeValue(forKey: "own progressToken")
        if let method = seen["method"] {
            if seen["result"] != nil || seen["error"] != nil { isRefused = true }
            kind = seen["id"] == nil ? .notification : .request
            judgeMethod(method)
            if self.method == .progress { members["progressToken"] = own }
        } else if seen["result"] != nil {
            if seen["error"] != nil || members["id"] == nil { isRefused = true }
            kind = .result
        } else {
            if seen["error"] == nil { isRefused = true }
            kind = .error
        }
    }

    private mutating func judgeID(_ id: ReferenceJSON?, isError: Bool) {
        guard let id else { return }
        switch id.kind {
        case .string, .number(isInteger: true):
            if id.range.count > 256 { isRefused = true }
            members["id"] = Array(bytes[id.range])
        case .null: if !isError { isRefused = true }
        default: isRefused = true
        }
    }

    private mutating func judgeMethod(_ value: ReferenceJSON) {
        guard value.kind == .string, let name = try? ReferenceParser.contents(of: value, in: bytes) else {
            isRefused = true
            return
        }
        members["method"] = Array(bytes[value.range].dropFirst().dropLast())
        let catchAlls: [Method] = [.other, .otherNotification, .none]
        let isNotification = name.starts(with: "notifications/".utf8)
        method =
            Method.allCases.first { !catchAlls.contains($0) && $0.name.utf8.elementsEqual(name) }
            ?? (isNotification ? .otherNotification : .other)
        // A vendor's method may call its members what it likes.
        if hasCaseVariant, let method, !catchAlls.contains(method) { isRefused = true }
    }
}
