// The flags of `attach` that say where the Redis server is, and how to trust it. They mean what the keys of
// `cluster.redis` mean in a node's file, and must name the same database and prefix.
internal import ArgumentParser
internal import GatewayConfig

struct RedisAttachOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            With --transport redis: the server on which the nodes meet, as redis://HOST:PORT or rediss://HOST:PORT, \
            perhaps with user:password@ or :password@ before the host and /DATABASE at the end. The environment \
            variable PATCHBAY_REDIS can say the same, where other users of the machine do not see it.
            """, valueName: "url"))
    var redis: String?

    @Option(help: ArgumentHelp("For Redis: PEM certificates to trust instead of the system's.", valueName: "file"))
    var redisCa: String?

    @Option(help: ArgumentHelp("For Redis: the PEM certificate to show to the server.", valueName: "file"))
    var redisCertificate: String?

    @Option(help: ArgumentHelp("The PEM key of --redis-certificate.", valueName: "file"))
    var redisKey: String?

    @Option(help: ArgumentHelp("The nodes' cluster.redis.prefix. (default: patchbay)", valueName: "name"))
    var redisPrefix: String?

    @Flag(help: "The nodes' cluster.redis.accept_volatile: go on where Redis may lose what it has acknowledged.")
    var redisAcceptVolatile = false

    var flags: RedisFlags {
        var flags = RedisFlags()
        flags.url = redis
        flags.caFile = redisCa
        flags.certificateFile = redisCertificate
        flags.keyFile = redisKey
        flags.prefix = redisPrefix
        flags.acceptsVolatile = redisAcceptVolatile
        return flags
    }
}
