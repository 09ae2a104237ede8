// The tree of a configuration text: scalars, lists and mappings, each with its origin. `YAMLDocument` makes it,
// `Overrides` changes it, `ConfigNode` reads it. It knows neither keys nor types.

struct DocumentNode: Sendable {
    struct Entry: Sendable {
        var key: String
        var keyOrigin: Origin
        var value: DocumentNode
    }

    enum Content: Sendable {
        case scalar(String, ConfigScalar.Style)
        case sequence([DocumentNode])
        /// Keys are unique.
        case mapping([Entry])
    }

    var content: Content
    var origin: Origin

    /// The value of a key; `nil` too when this node is not a mapping.
    subscript(key: String) -> DocumentNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// Gives a key of this mapping another value. Does nothing to other nodes: what stands there is reported when
    /// it is read.
    mutating func set(_ key: String, to value: DocumentNode) {
        guard case .mapping(var entries) = content else { return }
        let entry = Entry(key: key, keyOrigin: value.origin, value: value)
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
        content = .mapping(entries)
    }

    var isMapping: Bool {
        if case .mapping = content { true } else { false }
    }

    /// How a diagnostic names what was found here; `nil` for scalars, which `ConfigScalar` describes.
    var foundCollection: String? {
        switch content {
        case .scalar: nil
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}
