// YAML text to `DocumentNode`, and YAML's own errors to diagnostics. The only file that imports Yams. Syntax errors
// and duplicate keys end the run at the first; anchors, aliases and tags are refused, because a reader of the file
// should see every value where it stands.

internal import Yams

enum YAMLDocument {
    /// Parses one document. An empty text is an empty mapping.
    static func parse(_ text: String, file: String) throws(ConfigError) -> DocumentNode {
        guard text.utf8.count <= ConfigBounds.fileBytes else {
            let limit = ConfigBounds.fileBytes
            throw ConfigError(diagnostics: [
                Diagnostic(file: file, text: "the file is longer than \(limit) bytes; is this the right file?")
            ])
        }
        // A byte order mark is no part of the text; without it columns count as editors count them.
        let text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
        do {
            // The basic resolver types nothing: `ConfigScalar` does that, stricter than YAML 1.1. The encoding is
            // named so that Yams does not look for one in the environment.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else {
                return DocumentNode(content: .mapping([]), origin: .file(name: file, line: 1, column: 1))
            }
            // Nodes hold their anchors weakly; the parser owns them.
            return try withExtendedLifetime(parser) { try convert(root, file: file) }
        } catch let error as ConfigError {
            throw error
        } catch let error as YamlError {
            throw ConfigError(diagnostics: [YAMLProblem(error: error, yaml: text, file: file).diagnostic])
        } catch {
            throw ConfigError(diagnostics: [Diagnostic(file: file, text: "not valid YAML: \(error)")])
        }
    }

    private static func convert(_ node: Node, file: String) throws(ConfigError) -> DocumentNode {
        let origin = origin(of: node, file: file)
        if let anchor = node.anchor {
            throw refused("the anchor '&\(anchor.rawValue)' is not supported; write the value out", at: origin)
        }
        switch node {
        case .scalar(let scalar):
            try refuseTag(scalar.tag, except: .str, at: origin)
            let isPlain = scalar.style == .plain && scalar.tag.description.isEmpty
            let style: ConfigScalar.Style = isPlain ? .plain : .quoted
            return DocumentNode(content: .scalar(scalar.string, style), origin: origin)
        case .sequence(let sequence):
            try refuseTag(sequence.tag, except: .seq, at: origin)
            var elements: [DocumentNode] = []
            for element in sequence {
                elements.append(try convert(element, file: file))
            }
            return DocumentNode(content: .sequence(elements), origin: origin)
        case .mapping(let mapping):
            try refuseTag(mapping.tag, except: .map, at: origin)
            var entries: [DocumentNode.Entry] = []
            for (key, value) in mapping {
                let keyOrigin = Self.origin(of: key, file: file)
                guard case .scalar(let name) = key, key.anchor == nil else {
                    throw refused("a key must be a plain word", at: keyOrigin)
                }
                let value = try convert(value, file: file)
                entries.append(DocumentNode.Entry(key: name.string, keyOrigin: keyOrigin, value: value))
            }
            return DocumentNode(content: .mapping(entries), origin: origin)
        case .alias:
            throw refused("aliases are not supported; write the value out", at: origin)
        }
    }

    private static func refuseTag(_ tag: Tag, except usual: Tag.Name, at origin: Origin) throws(ConfigError) {
        let name = tag.description
        guard !name.isEmpty, name != usual.rawValue else { return }
        throw refused("the tag '\(name)' is not supported; write the value without it", at: origin)
    }

    private static func origin(of node: Node, file: String) -> Origin {
        .file(name: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }

    private static func refused(_ text: String, at origin: Origin) -> ConfigError {
        ConfigError(diagnostics: [Diagnostic(at: origin, text: text)])
    }
}

/// An error of the YAML parser, with the text it was found in, so that a position can be given where Yams has none.
private struct YAMLProblem {
    var error: YamlError
    var yaml: String
    var file: String

    var diagnostic: Diagnostic {
        switch error {
        case .reader(let problem, let offset, _, _):
            let (line, column) = position(ofCharacter: offset ?? 0)
            return Diagnostic(file: file, line: line, column: column, text: "not valid YAML: \(problem)")
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let place = context.map { " (\($0.text) at line \($0.mark.line))" } ?? ""
            let tab = scalar(at: mark) == "\t" ? "; indent with spaces, not with tabs" : ""
            return at(mark, "not valid YAML: \(problem)\(place)\(tab)")
        case .composer(let context, let problem, let mark, _):
            let words = context.map { "\($0.text) \(problem)" } ?? problem
            return at(mark, "not valid YAML: \(words)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return duplicate(of: duplicates.first ?? "", first: context.mark)
        default:
            return Diagnostic(file: file, text: "not valid YAML: \(error)")
        }
    }

    private func at(_ mark: Mark, _ text: String) -> Diagnostic {
        Diagnostic(file: file, line: mark.line, column: mark.column, text: text)
    }

    /// Yams knows only where the key stands first. In block style its second place is a later line that begins with
    /// the same key at the same column, before any line that ends the mapping.
    private func duplicate(of key: String, first: Mark) -> Diagnostic {
        let indent = first.column - 1
        for (index, line) in lines.enumerated().dropFirst(first.line) {
            let text = line.drop { $0 == " " }
            if text.isEmpty || text.first == "#" { continue }
            let depth = line.count - text.count
            if depth < indent { break }
            guard depth == indent else { continue }
            for spelling in [key, "'\(key)'", "\"\(key)\""] where text.starts(with: spelling.unicodeScalars) {
                guard text.dropFirst(spelling.unicodeScalars.count).first(where: { $0 != " " }) == ":" else { continue }
                return Diagnostic(
                    file: file, line: index + 1, column: first.column,
                    text: "duplicate key '\(key)'; the first is in line \(first.line)")
            }
        }
        return at(first, "duplicate key '\(key)': this mapping has it more than once")
    }

    private var lines: [Substring.UnicodeScalarView] {
        yaml.unicodeScalars.split(omittingEmptySubsequences: false) { $0 == "\n" }.map { Substring($0).unicodeScalars }
    }

    private func scalar(at mark: Mark) -> Unicode.Scalar? {
        let lines = lines
        guard mark.line >= 1, mark.line <= lines.count else { return nil }
        return lines[mark.line - 1].dropFirst(mark.column - 1).first
    }

    private func position(ofCharacter offset: Int) -> (line: Int, column: Int) {
        var line = 1
        var column = 1
        for scalar in yaml.prefix(offset).unicodeScalars {
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return (line, column)
    }
}
