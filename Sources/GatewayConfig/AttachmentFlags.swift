// What the command line of `attach` and the environment say, as a document, so that flags are read by the same kinds as
// keys of a file and reported under their own names.

/// The flags of `attach`, as they were written.
public struct AttachmentFlags: Sendable, Equatable {
    /// `--upstream-name NAME`: the upstream of the nodes that the instance belongs to.
    public var upstreamName: String
    /// `--url URL`: the instance's Streamable HTTP endpoint.
    public var url: String
    /// `--transport NAME`: over what the nodes are reached.
    public var transport: String
    /// `--peers URL[,URL…]`: all nodes, with `--transport http`.
    public var peers: String?
    /// `--nats URL[,URL…]` and the flags that go with it, with `--transport nats`.
    public var nats = NATSFlags()
    /// `--redis URL` and the flags that go with it, with `--transport redis`.
    public var redis = RedisFlags()
    /// `--sse-url URL`: the instance's HTTP+SSE endpoint of 2024-11-05.
    public var sseURL: String?
    /// `--instance-id ID`.
    public var instanceID: String?
    /// `--label TEXT`.
    public var label: String?
    /// `--capacity NUMBER`: sessions and running calls that the instance is made for.
    public var capacity: String?
    /// `--log-level LEVEL`.
    public var logLevel: String?
    /// `--admin HOST:PORT`.
    public var admin: String?
    /// `--allow-anonymous`: permits an address of `--admin` that other machines reach.
    public var allowAnonymous = false

    public init(upstreamName: String, url: String, transport: String, peers: String? = nil) {
        self.upstreamName = upstreamName
        self.url = url
        self.transport = transport
        self.peers = peers
    }

    /// The only way to hand an attachment its secret: arguments can be read by every user of the machine.
    static let secretVariable = "PATCHBAY_SECRET"

    /// The flags as keys, with what could not be made one.
    func document(environment: [String: String]) -> (DocumentNode, [Diagnostic]) {
        var document = DocumentNode(content: .mapping([]), origin: .builtIn)
        let given = [
            ("upstream_name", "--upstream-name", upstreamName), ("url", "--url", url), ("sse_url", "--sse-url", sseURL),
            ("instance_id", "--instance-id", instanceID), ("label", "--label", label),
            ("capacity", "--capacity", capacity),
            ("transport", "--transport", transport), ("log_level", "--log-level", logLevel),
            ("admin", "--admin", admin),
        ]
        document.set(given)
        if let peers { document.set("peers", to: .list(peers, .flag("--peers"))) }
        // A variable that other attachments of this machine need contradicts nothing here.
        let variables = { (owner: String) in transport == owner ? environment : [:] }
        if let nats = nats.document(environment: variables("nats")) { document.set("nats", to: nats) }
        if let redis = redis.document(environment: variables("redis")) { document.set("redis", to: redis) }
        if let count = environment[Overrides.eventLoopsVariable], !count.isEmpty {
            document.set("event_loops", to: .scalar(count, .environment(Overrides.eventLoopsVariable)))
        }
        let origin = Origin.environment(Self.secretVariable)
        let secrets = (environment[Self.secretVariable] ?? "").split { $0.isWhitespace }
        switch secrets.count {
        case 1, 2: document.set("secret", to: .list(secrets, origin))
        case 0:
            let text = "the environment variable is not set; it must hold the secret of the nodes"
            return (document, [Diagnostic(at: origin, text: text)])
        default:
            let text = "it holds \(secrets.count) words; one secret is expected, or two while rotating, the new one"
                + " first, with a space between them"
            return (document, [Diagnostic(at: origin, text: text)])
        }
        return (document, [])
    }
}

extension DocumentNode {
    /// A text of the command line or the environment: without references, of any type.
    static func scalar(_ text: String, _ origin: Origin) -> DocumentNode {
        DocumentNode(content: .scalar(text, .untyped), origin: origin)
    }

    static func list(_ texts: [Substring], _ origin: Origin) -> DocumentNode {
        DocumentNode(content: .sequence(texts.map { scalar(String($0), origin) }), origin: origin)
    }

    /// A list as flags write it, with commas.
    static func list(_ text: String, _ origin: Origin) -> DocumentNode {
        list(text.split(separator: ",", omittingEmptySubsequences: false), origin)
    }

    /// A section that flags make, of scalars and of other parts; `nil` if none of them was given.
    static func section(
        _ given: [(key: String, flag: String, text: String?)], _ origin: Origin,
        with parts: [(key: String, value: DocumentNode?)] = []
    ) -> DocumentNode? {
        guard given.contains(where: { $0.text != nil }) || parts.contains(where: { $0.value != nil }) else {
            return nil
        }
        var section = DocumentNode(content: .mapping([]), origin: origin)
        section.set(given)
        for (key, value) in parts {
            if let value { section.set(key, to: value) }
        }
        return section
    }

    /// Sets the keys whose flags were given.
    mutating func set(_ given: [(key: String, flag: String, text: String?)]) {
        for (key, flag, text) in given {
            if let text { set(key, to: .scalar(text, .flag(flag))) }
        }
    }
}
