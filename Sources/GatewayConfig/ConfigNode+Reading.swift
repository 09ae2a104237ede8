// The inner side of `ConfigNode`: turning document nodes into values, positions into diagnostics, and every read into
// an entry of the effective values. Only `ConfigNode` calls it.

extension ConfigNode {
    func childPath(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    func node(_ document: DocumentNode?, path: String, entry: Int) -> ConfigNode {
        if let document { session.watch(document, entry: entry) }
        return ConfigNode(path: path, session: session, document: document, entry: entry)
    }

    func parsed<Value>(_ key: String, _ kind: ValueKind<Value>) -> (Value, ConfigScalar, Origin)? {
        guard let child = document?[key], let (value, scalar) = parsed(child, path: childPath(key), kind) else {
            return nil
        }
        return (value, scalar, child.origin)
    }

    func parsed<Value>(_ node: DocumentNode, path: String, _ kind: ValueKind<Value>) -> (Value, ConfigScalar)? {
        guard case .scalar(let written, let style) = node.content else {
            reportMistyped(node, path: path, expected: kind.expected)
            return nil
        }
        var scalar = ConfigScalar(written: written, style: style, resolved: ResolvedText(text: written))
        do {
            if style != .untyped {
                let resolved = try session.references.resolve(written)
                scalar = ConfigScalar(written: written, style: style, resolved: resolved)
            }
            return (try kind.parse(scalar), scalar)
        } catch {
            session.markBroken(path)
            let text = if error.isMistyped {
                "\(path): expected \(kind.expected), found \(scalar.found)"
            } else if error.hidesValue || kind.isSecret {
                "\(path) \(error.predicate)"
            } else {
                "\(path) \(scalar.shown) \(error.predicate)"
            }
            session.report(Diagnostic(at: node.origin, text: text))
            return nil
        }
    }

    func readElements<Value>(
        _ elements: [DocumentNode], of kind: ValueKind<Value>, key: String, origin: Origin
    ) -> [Value] {
        let index = session.add(entryFor(key, .list, origin: origin), to: entry)
        var values: [Value] = []
        for (position, element) in elements.enumerated() {
            let path = "\(childPath(key))[\(position)]"
            guard let (value, scalar) = parsed(element, path: path, kind) else {
                session.markBroken(childPath(key))
                continue
            }
            values.append(value)
            let text = EffectiveValues.Content.leaf(written(value, kind))
            let item = EffectiveValues.Entry(
                key: nil, path: path, content: text, origin: element.origin, references: scalar.references)
            _ = session.add(item, to: index)
        }
        return values
    }

    func sequence(_ node: DocumentNode, key: String, atMost: Int) -> [DocumentNode]? {
        guard case .sequence(let elements) = node.content else {
            reportMistyped(node, path: childPath(key), expected: "a list")
            return nil
        }
        guard elements.count <= atMost else {
            session.markBroken(childPath(key))
            let text = "\(childPath(key)) has \(elements.count) entries; at most \(atMost) are allowed"
            session.report(Diagnostic(at: node.origin, text: text))
            return nil
        }
        return elements
    }

    func reportMistyped(_ node: DocumentNode, path: String, expected: String) {
        var found = node.foundCollection ?? ""
        if case .scalar(let written, let style) = node.content {
            let resolved = ResolvedText(text: written)
            found = ConfigScalar(written: written, style: style, resolved: resolved).found
        }
        session.markBroken(path)
        session.report(Diagnostic(at: node.origin, text: "\(path): expected \(expected), found \(found)"))
    }

    func report(_ text: String, at key: String?, severity: Diagnostic.Severity) {
        let origin = key.flatMap { document?[$0]?.origin } ?? document?.origin ?? .builtIn
        session.report(Diagnostic(at: origin, severity: severity, text: text))
    }

    func written<Value>(_ value: Value, _ kind: ValueKind<Value>) -> String {
        if kind.isSecret { return EffectiveYAML.redacted }
        return kind.isText ? EffectiveYAML.scalar(kind.text(value)) : kind.text(value)
    }

    func entryFor(_ key: String, _ content: EffectiveValues.Content, origin: Origin) -> EffectiveValues.Entry {
        EffectiveValues.Entry(key: key, path: childPath(key), content: content, origin: origin)
    }

    func record(_ key: String, text: String, origin: Origin, references: [String] = []) {
        var item = entryFor(key, .leaf(text), origin: origin)
        item.references = references
        _ = session.add(item, to: entry)
    }

    func record(_ key: String, list: [String]) {
        let index = session.add(entryFor(key, .list, origin: .builtIn), to: entry)
        for (position, text) in list.enumerated() {
            let path = "\(childPath(key))[\(position)]"
            let item = EffectiveValues.Entry(key: nil, path: path, content: .leaf(text), origin: .builtIn)
            _ = session.add(item, to: index)
        }
    }
}
