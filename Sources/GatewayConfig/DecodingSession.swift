// What the `ConfigNode`s of one run share: diagnostics, effective values, and the mappings whose unknown keys are
// still to be reported. One thread uses it, for the time of one load.

final class DecodingSession {
    let references: ReferenceResolver
    private(set) var values: EffectiveValues
    private(set) var diagnostics: [Diagnostic] = []
    private var mappings: [(document: DocumentNode, entry: Int)] = []
    private var missing: [(key: String, entry: Int, diagnostic: Diagnostic)] = []
    private var brokenPaths: Set<String> = []
    private var refused: [Int: Set<String>] = [:]

    init(references: ReferenceResolver, origin: Origin) {
        self.references = references
        values = EffectiveValues(origin: origin)
    }

    func report(_ diagnostic: Diagnostic) {
        diagnostics.append(diagnostic)
    }

    /// Reports a key that is not there, unless it turns out that it was only misspelt.
    func reportMissing(_ key: String, entry: Int, _ diagnostic: Diagnostic) {
        missing.append((key, entry, diagnostic))
    }

    /// Remembers that a value could not be read, so that no check is built on the default that stands in for it.
    func markBroken(_ path: String) {
        brokenPaths.insert(path)
    }

    func isBroken(_ path: String) -> Bool {
        brokenPaths.contains(path)
    }

    /// Remembers that a key was reported as one that must not be there.
    func markRefused(_ key: String, entry: Int) {
        refused[entry, default: []].insert(key)
    }

    func add(_ entry: EffectiveValues.Entry, to parent: Int) -> Int {
        values.add(entry, to: parent)
    }

    /// Makes an element that was announced as a mapping a plain value.
    func replace(_ entry: Int, text: String, references: [String]) {
        values.replace(entry, text: text, references: references)
    }

    /// Announces a mapping of the document; every key of it that nobody reads becomes an error.
    func watch(_ document: DocumentNode, entry: Int) {
        mappings.append((document, entry))
    }

    /// Leaves the keys of a mapping alone from now on.
    func unwatch(entry: Int) {
        mappings.removeAll { $0.entry == entry }
    }

    /// Called once, after everything was read: a key is unknown when no reader asked for it.
    func reportUnknownKeys() {
        for (document, entry) in mappings {
            guard case .mapping(let pairs) = document.content else { continue }
            let known = values.keys(of: entry)
            let refused = refused[entry] ?? []
            for pair in pairs where !known.contains(pair.key) && !refused.contains(pair.key) {
                let path = values.entries[entry].path
                let place = path.isEmpty ? "at the top level" : "in \(path)"
                // Past the bound nobody sees the advice, and a wrong file may have very many keys.
                let subject = "unknown key \(ConfigScalar.quoted(pair.key)) \(place)"
                guard diagnostics.count <= ConfigBounds.diagnostics else {
                    report(Diagnostic(at: pair.keyOrigin, text: subject))
                    continue
                }
                let near = Suggestion.nearest(to: pair.key, among: known)
                missing.removeAll { $0.key == near && $0.entry == entry }
                let advice = near.map { "; did you mean '\($0)'?" } ?? placeAdvice(for: pair.key, entry: entry)
                report(Diagnostic(at: pair.keyOrigin, text: subject + advice))
            }
        }
        missing.forEach { report($0.diagnostic) }
    }

    private func placeAdvice(for key: String, entry: Int) -> String {
        let places = values.sections(having: key, except: entry).map { $0.isEmpty ? "at the top level" : "in \($0)" }
        return places.isEmpty ? "" : "; it belongs \(places.joined(separator: " or "))"
    }

    /// The diagnostics in the order of the file, those without a line first, cut at the bound.
    func sortedDiagnostics() -> [Diagnostic] {
        let order = diagnostics.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }
        let sorted = order.map(\.element)
        guard sorted.count > ConfigBounds.diagnostics else { return sorted }
        // Errors are never cut off by warnings.
        let kept = sorted.filter { $0.severity == .error }.prefix(ConfigBounds.diagnostics)
        guard !kept.isEmpty else { return Array(sorted.prefix(ConfigBounds.diagnostics)) }
        let more = sorted.count - kept.count
        return Array(kept) + [Diagnostic(file: kept[0].file, text: "\(more) more are not shown")]
    }
}
