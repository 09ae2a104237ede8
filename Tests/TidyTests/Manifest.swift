// Reads the targets of `Package.swift` as text: enough to compare what a target declares with what it imports. It
// knows the manifest's own style (one `let` per product, names in quotes) and no other.

enum Manifest {
    /// `nioCore` → `NIOCore`, from the lines `let nioCore = product("NIOCore", "swift-nio")`.
    static func products(in manifest: TextFile) -> [String: String] {
        var products: [String: String] = [:]
        for line in manifest.lines where line.hasPrefix("let ") && line.contains("= product(") {
            let words = line.identifiers
            if words.count > 3 { products[words[1]] = words[3] }
        }
        return products
    }

    /// By target: the modules of its `dependencies`.
    static func dependencies(in manifest: TextFile) -> [String: Set<String>] {
        let products = products(in: manifest)
        let text = manifest.lines.map { $0.hasPrefix("//") ? "" : $0 }.joined(separator: " ")
        var found: [String: Set<String>] = [:]
        for (index, part) in text.components("arget(").enumerated() where index > 0 {
            guard let rest = part.components("name: \"").dropFirst().first else { continue }
            let name = rest.prefix { $0 != "\"" }
            let list = part.components("dependencies: [").dropFirst().first?.prefix { $0 != "]" } ?? ""
            let quoted = list.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            var modules: Set<String> = []
            for (place, piece) in quoted {
                if place % 2 == 1 {
                    modules.insert(String(piece))
                } else {
                    modules.formUnion(String(piece).identifiers.compactMap { products[$0] })
                }
            }
            found[String(name), default: []].formUnion(modules)
        }
        return found
    }
}

extension String {
    /// What stands between the occurrences of `separator`.
    func components(_ separator: String) -> [String] {
        var parts: [String] = []
        var rest = self[...]
        while let range = rest.firstRange(of: separator) {
            parts.append(String(rest[..<range.lowerBound]))
            rest = rest[range.upperBound...]
        }
        return parts + [String(rest)]
    }
}
