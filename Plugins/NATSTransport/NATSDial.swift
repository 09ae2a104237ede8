// One attempt to connect: the settings as the library wants them, for one address, so that the name in the server's
// certificate is checked against the address that was dialled.
#if NATS
internal import CNATS
internal import Glibc
internal import NIOCore

/// Why an attempt failed.
struct NATSDialFailure: Error {
    var text: String
    /// Trying again cannot help: a file cannot be read, a value is refused.
    var isFinal = false
}

struct NATSDial {
    let options: NATSOptions
    /// Shown by the server's monitoring.
    let name: String

    /// Blocks for the connect timeout at most.
    func connect(
        to url: String, _ watcher: @escaping @Sendable (UInt, SessionWatchers.Notice) -> Void
    ) throws(NATSDialFailure) -> NATSSession {
        var made: OpaquePointer?
        guard natsOptions_Create(&made) == NATS_OK, let settings = made else {
            throw NATSDialFailure(text: "the NATS library has no memory left", isFinal: true)
        }
        defer { natsOptions_Destroy(settings) }
        let number = SessionWatchers.add(watcher)
        do throws(NATSDialFailure) {
            try check("the address", natsOptions_SetURL(settings, url))
            try check("the connection", setConnection(settings))
            try check("who this side is", setIdentity(settings))
            try setTLS(settings, url)
            try check("the callbacks", SessionWatchers.attach(number, to: settings))
            var connection: OpaquePointer?
            let status = natsConnection_Connect(&connection, settings)
            guard status == NATS_OK, let connection else {
                throw NATSDialFailure(text: "\(url): \(LibraryText.last(status))", isFinal: Self.isFinal(status))
            }
            return NATSSession(handle: connection, number: number)
        } catch {
            SessionWatchers.remove(number)
            throw error
        }
    }

    /// The server has refused this side or its TLS; patience does not change that.
    private static func isFinal(_ status: natsStatus) -> Bool {
        [
            NATS_CONNECTION_AUTH_FAILED, NATS_SSL_ERROR, NATS_SECURE_CONNECTION_REQUIRED,
            NATS_SECURE_CONNECTION_WANTED, NATS_NOT_PERMITTED,
        ].contains(status)
    }

    private func check(_ what: String, _ status: natsStatus) throws(NATSDialFailure) {
        guard status != NATS_OK else { return }
        throw NATSDialFailure(text: "\(what) cannot be used: \(LibraryText.last(status))", isFinal: true)
    }

    private static func first(_ steps: [() -> natsStatus]) -> natsStatus {
        for step in steps {
            let status = step()
            if status != NATS_OK { return status }
        }
        return NATS_OK
    }

    private func setConnection(_ settings: OpaquePointer) -> natsStatus {
        let timeout = max(1, options.connectTimeout.nanoseconds / 1_000_000)
        let ping = max(1, options.pingEvery.nanoseconds / 1_000_000)
        return Self.first([
            { natsOptions_SetName(settings, name) },
            { natsOptions_SetTimeout(settings, timeout) },
            // A session that broke is not mended: another one begins, so that it is clear what went where.
            { natsOptions_SetAllowReconnect(settings, false) },
            { natsOptions_SetPingInterval(settings, ping) },
            { natsOptions_SetMaxPingsOut(settings, 2) },
            { natsOptions_SetSendAsap(settings, true) },
            { natsOptions_UseGlobalMessageDelivery(settings, true) },
            { natsOptions_SetFailRequestsOnDisconnect(settings, true) },
            { natsOptions_SetWriteDeadline(settings, 2 * ping) },
            { natsOptions_SetMaxPendingMsgs(settings, Int32(clamping: options.arrivalsMax)) },
        ])
    }

    private func setIdentity(_ settings: OpaquePointer) throws(NATSDialFailure) -> natsStatus {
        if let file = options.credentialsFile {
            guard access(file, R_OK) == 0 else {
                throw NATSDialFailure(text: "the credentials file \(file) cannot be read", isFinal: true)
            }
            return natsOptions_SetUserCredentialsFromFiles(settings, file, nil)
        }
        if let user = options.user { return natsOptions_SetUserInfo(settings, user, options.password ?? "") }
        if let token = options.token { return natsOptions_SetToken(settings, token) }
        if let file = options.nkeySeedFile {
            let key = try NATSKey.publicKey(seedFile: file)
            return natsOptions_SetNKeyFromSeed(settings, key, file)
        }
        return NATS_OK
    }

    private func setTLS(_ settings: OpaquePointer, _ url: String) throws(NATSDialFailure) {
        let tls = options.tls ?? NATSOptions.TLS()
        // Otherwise the server decides, and is checked all the same if it wants TLS.
        if options.tls != nil || url.hasPrefix("tls://") { try check("TLS", natsOptions_SetSecure(settings, true)) }
        if let file = tls.caFile {
            try check("the file \(file) of authorities", natsOptions_LoadCATrustedCertificates(settings, file))
        }
        if let certificate = tls.certificateFile, let key = tls.keyFile {
            try check(
                "the certificate \(certificate) with the key \(key)",
                natsOptions_LoadCertificatesChain(settings, certificate, key))
        }
        guard tls.verifies else {
            return try check("TLS", natsOptions_SkipServerVerification(settings, true))
        }
        // The library checks no name unless it is told one.
        let host = tls.serverName ?? Self.host(of: url)
        try check("the name \(host) of the server", natsOptions_SetExpectedHostname(settings, host))
    }

    /// The host of `nats://host:port`, without the brackets of an IPv6 literal.
    static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...].prefix { $0 != "/" }
        if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") { return String(rest[..<end].dropFirst()) }
        return String(rest.prefix { $0 != ":" })
    }
}

#endif
