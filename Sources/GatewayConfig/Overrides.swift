// What the command line of `serve` and the environment say, put into the document before it is read. So a flag is
// checked like a line of the file, and reported under its own name.

/// The flags of `serve`. They win over the file and the environment; `nil` and an empty list say nothing.
public struct Overrides: Sendable, Equatable {
    /// `--listen HOST:PORT`.
    public var listen: String?
    /// `--path /mcp`: for the upstream of `--upstream`, else for the file's only upstream.
    public var path: String?
    /// `--upstream URL`, repeated: replaces the file's upstreams by one named `main` with these instances.
    public var upstreams: [String]
    /// `--log-level LEVEL`.
    public var logLevel: String?

    public init(listen: String? = nil, path: String? = nil, upstreams: [String] = [], logLevel: String? = nil) {
        self.listen = listen
        self.path = path
        self.upstreams = upstreams
        self.logLevel = logLevel
    }

    /// The variable that stands for `event_loops`.
    static let eventLoopsVariable = "PATCHBAY_EVENT_LOOPS"

    /// Returns what could not be put anywhere.
    func apply(to document: inout DocumentNode, environment: [String: String]) -> [Diagnostic] {
        if let count = environment[Self.eventLoopsVariable], !count.isEmpty {
            document.set("event_loops", to: scalar(count, .environment(Self.eventLoopsVariable)))
        }
        if let listen { document.set("listen", to: scalar(listen, .flag("--listen"))) }
        if let logLevel { document.set("log_level", to: scalar(logLevel, .flag("--log-level"))) }
        if !upstreams.isEmpty { document.set("upstreams", to: upstreamList) }
        guard let path, upstreams.isEmpty else { return [] }
        return setPath(path, in: &document)
    }

    private var upstreamList: DocumentNode {
        let origin = Origin.flag("--upstream")
        let instances = DocumentNode(content: .sequence(upstreams.map { scalar($0, origin) }), origin: origin)
        var upstream = DocumentNode(content: .mapping([]), origin: origin)
        upstream.set("name", to: scalar("main", origin))
        upstream.set("instances", to: instances)
        if let path { upstream.set("path", to: scalar(path, .flag("--path"))) }
        return DocumentNode(content: .sequence([upstream]), origin: origin)
    }

    private func setPath(_ path: String, in document: inout DocumentNode) -> [Diagnostic] {
        let origin = Origin.flag("--path")
        guard var list = document["upstreams"], case .sequence(var elements) = list.content, elements.count == 1 else {
            let advice = "it needs --upstream, or a configuration file with exactly one upstream"
            return [Diagnostic(at: origin, text: "--path does not say which upstream it is for; \(advice)")]
        }
        elements[0].set("path", to: scalar(path, origin))
        list.content = .sequence(elements)
        document.set("upstreams", to: list)
        return []
    }

    private func scalar(_ text: String, _ origin: Origin) -> DocumentNode {
        DocumentNode(content: .scalar(text, .untyped), origin: origin)
    }
}
