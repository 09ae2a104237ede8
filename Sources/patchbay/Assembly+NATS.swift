// The NATS transport as the configuration says it; nothing of it where the program was built without the trait NATS.
internal import ArgumentParser
internal import GatewayConfig
internal import NIOCore
internal import TransportAPI

#if NATS
    internal import NATSTransport

    extension Assembly {
        func natsCluster(_ context: TransportContext) throws -> any ClusterTransport {
            guard let broker = configuration.cluster.nats else { throw ExitCode.internalError }
            return NATSCluster(context: context, options: natsOptions(broker))
        }

        private func natsOptions(_ broker: GatewayConfiguration.NATSBroker) -> NATSOptions {
            let secrets = configuration.secret.map { Array($0.utf8) }
            var options = NATSOptions(urls: broker.urls.map(\.description), secrets: secrets)
            switch broker.credentials {
            case .none: break
            case .file(let file): options.credentialsFile = file
            case .nkeySeed(let file): options.nkeySeedFile = file
            case .user(let user, let password): (options.user, options.password) = (user, password)
            case .token(let token): options.token = token
            }
            if broker.isTLS { options.tls = Self.tls(broker.tls) }
            options.prefix = broker.prefix
            if let bucket = broker.bucket { options.bucket = bucket }
            if let stream = broker.stream { options.logStream = stream }
            options.bucketBytesMax = broker.bucketBytes
            options.logBytesMax = broker.streamBytes
            options.replicas = broker.replicas
            // The defaults are what most members have, attachments among them, and shorter lives need nothing else.
            options.recordLifetimeMax = max(options.recordLifetimeMax, TimeAmount(configuration.sessionMaxAge))
            let waiting = TimeAmount(configuration.detachedStreamTTL)
            options.logLifetimeMax = max(options.logLifetimeMax, waiting + waiting)
            return options
        }

        private static func tls(_ trust: GatewayConfiguration.BrokerTrust) -> NATSOptions.TLS {
            var tls = NATSOptions.TLS()
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
        func natsCluster(_ context: TransportContext) throws -> any ClusterTransport { throw ExitCode.badConfig }
    }
#endif
