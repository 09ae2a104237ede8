// The flags of `attach`, and what is derived where none is given: the id of the instance, which must stay the same over
// restarts and differ between machines, although most instances have the same loopback URL.
internal import ArgumentParser
internal import GatewayConfig
internal import SealedBox

struct AttachOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The upstream of the nodes that the instance belongs to.", valueName: "name"))
    var upstreamName: String

    @Option(help: "The instance's MCP endpoint.")
    var url: String

    @Option(help: ArgumentHelp("Its HTTP+SSE endpoint of revision 2024-11-05, if it has one.", valueName: "url"))
    var sseUrl: String?

    @Option(help: ArgumentHelp("Over what the nodes are reached: http, nats or redis.", valueName: "name"))
    var transport: String

    @Option(
        help: ArgumentHelp(
            "With --transport http: all nodes, as http://HOST:PORT of their cluster.listen, with commas between them.",
            valueName: "url[,url...]"))
    var peers: String?

    @OptionGroup
    var nats: NATSAttachOptions

    @OptionGroup
    var redis: RedisAttachOptions

    @Option(
        help: ArgumentHelp(
            "How logs, metrics and session ids name the instance. (default: derived from machine and URL)",
            valueName: "id"))
    var instanceId: String?

    @Option(help: ArgumentHelp("A version or another mark by which operators choose instances.", valueName: "text"))
    var label: String?

    @Option(
        help: ArgumentHelp(
            "Sessions and running calls that the instance is made for: it gets its share of what is new by that, and"
                + " nothing while it holds so many. (default: no bound)", valueName: "number"))
    var capacity: String?

    @Option(help: "trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    @Option(help: "Where operators find /livez, /readyz and /metrics, HOST:PORT. (default: nowhere)")
    var admin: String?

    @Flag(help: "Permit an address of --admin that other machines reach.")
    var allowAnonymous = false

    /// The configuration of a member that has one instance, and an id for that.
    ///
    /// Prints warnings; prints every mistake and exits with 78 when there is one.
    func load() throws -> GatewayConfiguration {
        var flags = AttachmentFlags(upstreamName: upstreamName, url: url, transport: transport, peers: peers)
        flags.nats = nats.flags
        flags.redis = redis.flags
        flags.sseURL = sseUrl
        flags.instanceID = instanceId
        flags.label = label
        flags.capacity = capacity
        flags.logLevel = logLevel
        flags.admin = admin
        flags.allowAnonymous = allowAnonymous
        let loaded = try LoadedConfiguration.orExit { () throws(ConfigError) in
            try ConfigLoader.loadAttachment(flags, environment: Environment.all)
        }
        loaded.printWarnings()
        var configuration = loaded.configuration
        let instance = configuration.upstreams[0].instances[0]
        let id = instance.id ?? Self.derivedID(machine: Self.machine, host: HostName.text, url: instance.url.text)
        configuration.upstreams[0].instances[0].id = id
        configuration.nodeName = id
        return configuration
    }

    // MARK: Identity

    /// `i-` and 16 hexadecimal digits. The host's name counts too: containers made from one image may all have its
    /// machine id.
    private static func derivedID(machine: String, host: String, url: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let digest = Array("\(machine)\n\(host)\n\(url)".utf8).withUnsafeBytes { Digest.sha256($0) }
        let text = digest.prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return "i-" + String(decoding: text, as: UTF8.self)
    }

    /// Empty where there is none: then the host's name has to do.
    private static var machine: String { (try? ConfigFile.contents(of: "/etc/machine-id")) ?? "" }
}
