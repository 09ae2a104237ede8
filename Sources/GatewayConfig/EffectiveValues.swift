// What a configuration came to, key by key, with origins: written down while `ConfigNode` reads, so that the keys are
// named in one place only, the reader. `EffectiveYAML` prints it; unknown keys are found by comparing with it.

/// A tree of keys and values in the order in which they were read, kept flat: entry 0 is the root mapping.
struct EffectiveValues: Sendable {
    enum Content: Sendable, Equatable {
        /// Ready to be written after `key: `.
        case leaf(String)
        case section
        case list
    }

    struct Entry: Sendable {
        /// `nil` for the root and for elements of lists.
        var key: String?
        /// `upstreams[0].name`; empty for the root.
        var path: String
        var content: Content
        var origin: Origin
        /// The references that the value came through.
        var references: [String] = []
        var children: [Int] = []
    }

    private(set) var entries: [Entry]

    init(origin: Origin) {
        entries = [Entry(key: nil, path: "", content: .section, origin: origin)]
    }

    /// Adds an entry, as the last child of its parent; a key that was read before is replaced where it stands.
    @discardableResult
    mutating func add(_ entry: Entry, to parent: Int) -> Int {
        if let key = entry.key, let known = entries[parent].children.first(where: { entries[$0].key == key }) {
            entries[known] = entry
            return known
        }
        entries.append(entry)
        let index = entries.count - 1
        entries[parent].children.append(index)
        return index
    }

    /// Makes an entry a leaf.
    mutating func replace(_ entry: Int, text: String, references: [String]) {
        entries[entry].content = .leaf(text)
        entries[entry].references = references
    }

    /// The keys that were read in a mapping.
    func keys(of entry: Int) -> [String] {
        entries[entry].children.compactMap { entries[$0].key }
    }

    /// The references that the value of a key came through.
    func references(of key: String, in entry: Int) -> [String] {
        entries[entry].children.first { entries[$0].key == key }.map { entries[$0].references } ?? []
    }

    /// Mappings other than this one that have a key, by their paths without list positions: `upstreams[]`.
    func sections(having key: String, except entry: Int) -> [String] {
        let own = Self.schemaPath(entries[entry].path)
        var paths: [String] = []
        for (index, candidate) in entries.enumerated() where candidate.content == .section {
            let path = Self.schemaPath(candidate.path)
            if path != own, !paths.contains(path), keys(of: index).contains(key) { paths.append(path) }
        }
        return paths
    }

    /// A path with `[]` for every position, so that it names a key of the schema.
    static func schemaPath(_ path: String) -> String {
        var result = ""
        var isPosition = false
        for character in path.unicodeScalars {
            if character == "]" { isPosition = false }
            if !isPosition { result.unicodeScalars.append(character) }
            if character == "[" { isPosition = true }
        }
        return result
    }
}
