// The flags of `attach` that say where the NATS servers are, and who the attachment is to them. They mean what the keys
// of `cluster.nats` mean in a node's file, and must name the same prefix, bucket and stream.
internal import ArgumentParser
internal import GatewayConfig

struct NATSAttachOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            With --transport nats: the servers on which the nodes meet, as nats://HOST:PORT or tls://HOST:PORT, \
            perhaps with user:password@ or token@ before the host. The environment variable PATCHBAY_NATS can say \
            the same, where other users of the machine do not see it.
            """, valueName: "url[,url...]"))
    var nats: String?

    @Option(help: ArgumentHelp("For NATS: a file of user credentials (JWT and seed).", valueName: "file"))
    var natsCredentials: String?

    @Option(help: ArgumentHelp("For NATS: a file with the seed of an NKey.", valueName: "file"))
    var natsNkeySeed: String?

    @Option(help: ArgumentHelp("For NATS: PEM certificates to trust instead of the system's.", valueName: "file"))
    var natsCa: String?

    @Option(help: ArgumentHelp("For NATS: the PEM certificate to show to the servers.", valueName: "file"))
    var natsCertificate: String?

    @Option(help: ArgumentHelp("The PEM key of --nats-certificate.", valueName: "file"))
    var natsKey: String?

    @Option(help: ArgumentHelp("The nodes' cluster.nats.prefix. (default: patchbay)", valueName: "name"))
    var natsPrefix: String?

    @Option(help: ArgumentHelp("The nodes' cluster.nats.bucket. (default: PREFIX-sessions)", valueName: "name"))
    var natsBucket: String?

    @Option(help: ArgumentHelp("The nodes' cluster.nats.stream. (default: PREFIX-streams)", valueName: "name"))
    var natsStream: String?

    @Option(help: ArgumentHelp("The nodes' cluster.nats.bucket_bytes. (default: 512MiB)", valueName: "size"))
    var natsBucketBytes: String?

    @Option(help: ArgumentHelp("The nodes' cluster.nats.stream_bytes. (default: 1GiB)", valueName: "size"))
    var natsStreamBytes: String?

    @Option(help: ArgumentHelp("The nodes' cluster.nats.replicas. (default: 1)", valueName: "count"))
    var natsReplicas: String?

    var flags: NATSFlags {
        var flags = NATSFlags()
        flags.urls = nats
        flags.credentialsFile = natsCredentials
        flags.nkeySeedFile = natsNkeySeed
        flags.caFile = natsCa
        flags.certificateFile = natsCertificate
        flags.keyFile = natsKey
        flags.prefix = natsPrefix
        flags.bucket = natsBucket
        flags.stream = natsStream
        flags.bucketBytes = natsBucketBytes
        flags.streamBytes = natsStreamBytes
        flags.replicas = natsReplicas
        return flags
    }
}
