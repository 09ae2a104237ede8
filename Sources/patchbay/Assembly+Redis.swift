// The Redis transport as the configuration says it; nothing of it where the program was built without the trait Redis.
internal import ArgumentParser
internal import GatewayConfig
internal import NIOCore
internal import TransportAPI

#if Redis
    internal import RedisTransport

    extension Assembly {
        func redisCluster(_ context: TransportContext) throws -> any ClusterTransport {
            guard let broker = configuration.cluster.redis else { throw ExitCode.internalError }
            return RedisCluster(context: context, options: redisOptions(broker))
        }

        private func redisOptions(_ broker: GatewayConfiguration.RedisBroker) -> RedisOptions {
            let secrets = configuration.secret.map { Array($0.utf8) }
            var options = RedisOptions(host: broker.url.host, port: broker.url.port, secrets: secrets)
            switch broker.login {
            case .nobody: break
            case .password(let password): options.password = password
            case .user(let user, let password): (options.user, options.password) = (user, password)
            }
            options.database = broker.database
            if broker.url.isTLS { options.tls = Self.tls(broker.tls) }
            options.acceptsVolatile = broker.acceptsVolatile
            options.prefix = broker.prefix
            // The default is what most members have, attachments among them, and shorter lives need nothing else.
            options.recordLifetimeMax = max(options.recordLifetimeMax, TimeAmount(configuration.sessionMaxAge))
            return options
        }

        private static func tls(_ trust: GatewayConfiguration.BrokerTrust) -> RedisOptions.TLS {
            var tls = RedisOptions.TLS()
            tls.caFile = trust.caFile
            tls.certificateFile = trust.certificateFile
            tls.keyFile = trust.keyFile
            tls.verifies = trust.verify
            tls.serverName = trust.serverName
            return tls
        }
    }
#else
    extension Assembly {
        func redisCluster(_ context: TransportContext) throws -> any ClusterTransport { throw ExitCode.badConfig }
    }
#endif
