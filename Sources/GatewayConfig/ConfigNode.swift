// A strict, typed view of one mapping (or list element) of a configuration. Readers of sections ask it for keys with
// a kind and a default; it records what was asked for, reports what does not fit, and never stops at the first
// mistake. It knows no key by itself, so a plugin reads its own section with it and gets line numbers for free.

/// A mapping of the configuration, or an element of a list.
///
/// Reading never throws: a missing key leaves the default, a bad value leaves the default and is reported with its
/// position. After the last read, every key of the document that nobody asked for is reported as unknown, so all keys
/// must be asked for on every path through a reader. Belongs to one load on one thread.
public struct ConfigNode {
    /// `upstreams[0].tls`; empty for the root.
    public let path: String
    let session: DecodingSession
    /// `nil` when the mapping is absent, or was of another type and has been reported.
    let document: DocumentNode?
    let entry: Int

    init(root document: DocumentNode, session: DecodingSession) {
        self.init(path: "", session: session, document: document, entry: 0)
        session.watch(document, entry: 0)
    }

    init(path: String, session: DecodingSession, document: DocumentNode?, entry: Int) {
        self.path = path
        self.session = session
        self.document = document
        self.entry = entry
    }

    // MARK: - Values

    /// Reads a key that has a default: `value` holds it before, and the configured value after.
    public func read<Value>(_ key: String, _ kind: ValueKind<Value>, into value: inout Value) {
        guard let (result, scalar, origin) = parsed(key, kind) else {
            record(key, text: written(value, kind), origin: .builtIn)
            return
        }
        value = result
        record(key, text: written(result, kind), origin: origin, references: scalar.references)
    }

    /// Reads a key that may be left out; the word `null` says the same.
    public func readOptional<Value>(_ key: String, _ kind: ValueKind<Value>, into value: inout Value?) {
        if let child = document?[key], case .scalar(let text, .plain) = child.content, text == "null" || text == "~" {
            value = nil
            record(key, text: "null", origin: child.origin)
            return
        }
        guard let (result, scalar, origin) = parsed(key, kind) else {
            record(key, text: "null", origin: .builtIn)
            return
        }
        value = result
        record(key, text: written(result, kind), origin: origin, references: scalar.references)
    }

    /// Reads a key that must be there; reports it and returns `nil` when it is not.
    public func require<Value>(_ key: String, _ kind: ValueKind<Value>) -> Value? {
        var value: Value?
        readOptional(key, kind, into: &value)
        if value == nil, document != nil, !session.isBroken(childPath(key)) {
            session.markBroken(childPath(key))
            let place = path.isEmpty ? "the configuration" : path
            missing(key, "\(place) has no '\(key)'; add \(kind.expected)")
        }
        return value
    }

    /// Reads a list of scalars; a missing key leaves the default.
    public func readList<Value>(_ key: String, of kind: ValueKind<Value>, atMost: Int, into values: inout [Value]) {
        let child = document?[key]
        guard let child, let elements = sequence(child, key: key, atMost: atMost) else {
            record(key, list: values.map { written($0, kind) })
            return
        }
        values = readElements(elements, of: kind, key: key, origin: child.origin)
    }

    /// Reads one scalar or a list of them; a missing key leaves the default.
    public func readOneOrMore<Value>(_ key: String, _ kind: ValueKind<Value>, atMost: Int, into values: inout [Value]) {
        guard let child = document?[key], case .scalar = child.content else {
            readList(key, of: kind, atMost: atMost, into: &values)
            return
        }
        var value: Value?
        readOptional(key, kind, into: &value)
        values = value.map { [$0] } ?? []
    }

    /// The value of a list element that is a scalar. The element's own entry becomes the value.
    public func value<Value>(_ kind: ValueKind<Value>) -> Value? {
        guard let document, let (value, scalar) = parsed(document, path: path, kind) else { return nil }
        session.replace(entry, text: written(value, kind), references: scalar.references)
        return value
    }

    // MARK: - Structure

    /// The mapping under a key. When it is absent the node is empty: all reads leave their defaults.
    public func section(_ key: String) -> ConfigNode {
        var child = document?[key]
        let origin = child?.origin ?? .builtIn
        if let found = child, !found.isMapping {
            reportMistyped(found, path: childPath(key), expected: "a mapping of keys to values")
            child = nil
        }
        let index = session.add(entryFor(key, .section, origin: origin), to: entry)
        return node(child, path: childPath(key), entry: index)
    }

    /// The elements of a list of mappings, or of mappings and scalars; others are reported and left out. A missing
    /// key is an empty list.
    public func elements(_ key: String, atMost: Int, scalarsToo: Bool = false) -> [ConfigNode] {
        let child = document?[key]
        let index = session.add(entryFor(key, .list, origin: child?.origin ?? .builtIn), to: entry)
        guard let child, let elements = sequence(child, key: key, atMost: atMost) else { return [] }
        var nodes: [ConfigNode] = []
        for (position, element) in elements.enumerated() {
            let path = "\(childPath(key))[\(position)]"
            switch element.content {
            case .mapping: break
            case .scalar where scalarsToo: break
            default:
                reportMistyped(element, path: path, expected: "a mapping of keys to values")
                continue
            }
            let item = EffectiveValues.Entry(key: nil, path: path, content: .section, origin: element.origin)
            nodes.append(node(element, path: path, entry: session.add(item, to: index)))
        }
        return nodes
    }

    /// Whether this list element is a scalar rather than a mapping.
    public var isScalar: Bool {
        if case .scalar? = document?.content { true } else { false }
    }

    /// Whether the key stands in the document or was set by a flag or variable.
    public func isSet(_ key: String) -> Bool {
        document?[key] != nil
    }

    /// Reports an error at a key that must not be there; it is not reported as unknown too.
    public func refuse(_ key: String, _ text: String) {
        session.markRefused(key, entry: entry)
        error(text, at: key)
    }

    /// Leaves the keys that nobody asked for unreported, for a mapping that was refused as a whole.
    public func skipUnread() {
        session.unwatch(entry: entry)
    }

    // MARK: - Checks between values

    /// Reports an error at a key's value, or at the mapping when the key is not there. The text is a full clause.
    public func error(_ text: String, at key: String? = nil) {
        report(text, at: key, severity: .error)
    }

    /// Reports that a key is needed. The report is dropped when a misspelling of the key is found later.
    public func missing(_ key: String, _ text: String) {
        let origin = document?[key]?.origin ?? document?.origin ?? .builtIn
        session.reportMissing(key, entry: entry, Diagnostic(at: origin, text: text))
    }

    /// Like `error`, for what works but is probably not meant.
    public func warning(_ text: String, at key: String? = nil) {
        report(text, at: key, severity: .warning)
    }

    /// How a message may name the value of a key: `text`, or the references as they are written when it came through
    /// any.
    public func shown(_ key: String, _ text: String) -> String {
        guard case .scalar(let written, let style)? = document?[key]?.content, style != .untyped,
            !session.values.references(of: key, in: entry).isEmpty
        else { return text }
        return ConfigScalar.hidden(written)
    }

    /// Whether all these keys hold values that can be compared: none of them was refused.
    public func isSound(_ keys: String...) -> Bool {
        keys.allSatisfy { !session.isBroken(childPath($0)) }
    }

    /// The text of a file that the configuration names; reports at `key` and returns `nil` when it cannot be read.
    public func contents(of file: String, at key: String) -> String? {
        do {
            return try session.references.read(file)
        } catch {
            let reason = shown(key, "'\(file)'")
            self.error("\(childPath(key)) \(reason) is a file that cannot be read: \(error.reason)", at: key)
            return nil
        }
    }

    /// A file name of the configuration as the process can open it: relative ones start at the configuration file.
    public func location(of file: String) -> String {
        session.references.location(of: file)
    }
}
