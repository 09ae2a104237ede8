// Who we are to NATS servers: a file of credentials, the seed of an NKey, a user, a token, or what the URLs say. One of
// them, and no password in the configuration's own text.

struct NATSCredentialsReader {
    let node: ConfigNode
    let urls: [GatewayConfiguration.NATSURL]

    typealias Credentials = GatewayConfiguration.NATSCredentials

    /// One way, with the key that it is reported at and how a message names it.
    private struct Way {
        var key: String
        var name: String
        var credentials: Credentials
    }

    func read() -> Credentials {
        let ways = [login(), file(), seed(), user(), token()].compactMap { $0 }
        if ways.count > 1 {
            node.error(
                "\(node.path) has both \(ways[0].name) and \(ways[1].name); keep the one that is meant",
                at: ways[1].key)
        }
        guard let way = ways.first else { return .none }
        warnAboutClearText(way)
        return way.credentials
    }

    private func login() -> Way? {
        let key = node.isSet("urls") ? "urls" : "url"
        switch urls.first?.login {
        case nil, .nobody?: return nil
        case .user(let user, let password)?:
            return Way(key: key, name: "a user in '\(key)'", credentials: .user(user, password: password))
        case .token(let token)?: return Way(key: key, name: "a token in '\(key)'", credentials: .token(token))
        }
    }

    private func file() -> Way? {
        let advice = "no whole blocks 'NATS USER JWT' and 'USER NKEY SEED'; `nsc generate creds` makes such a file"
        let isGood = { (text: String) in text.hasPEM("NATS USER JWT") && text.hasPEM("USER NKEY SEED") }
        return readable("credentials_file", else: advice, isGood).map {
            Way(key: "credentials_file", name: "'credentials_file'", credentials: .file($0))
        }
    }

    private func seed() -> Way? {
        let advice = "no seed of a user's NKey, a line of 58 letters and digits that begins with SU"
        return readable("nkey_seed_file", else: advice, Self.hasSeed).map {
            Way(key: "nkey_seed_file", name: "'nkey_seed_file'", credentials: .nkeySeed(file: $0))
        }
    }

    /// Base32 of two bytes that say what it is, 32 of the seed and two of a check sum.
    private static func hasSeed(_ text: String) -> Bool {
        text.utf8.split { $0 == 0x0A || $0 == 0x0D }.contains { line in
            line.count == 58 && line.starts(with: "SU".utf8)
                && line.allSatisfy { $0 >= 0x41 && $0 <= 0x5A || $0 >= 0x32 && $0 <= 0x37 }
        }
    }

    private func user() -> Way? {
        var user: String?
        var password: String?
        node.readOptional("user", .plainText("a user's name"), into: &user)
        node.readOptional("password", .brokerSecret, into: &password)
        guard node.isSound("user", "password"), user != nil || password != nil else { return nil }
        guard let user, let password else {
            let (key, other) = user == nil ? ("password", "user") : ("user", "password")
            node.missing(other, "\(node.path) has '\(key)' but no '\(other)'; both are needed")
            return nil
        }
        return Way(key: "user", name: "'user'", credentials: .user(user, password: password))
    }

    private func token() -> Way? {
        var token: String?
        node.readOptional("token", .brokerSecret, into: &token)
        return token.map { Way(key: "token", name: "'token'", credentials: .token($0)) }
    }

    /// The file that a key names, where this process finds it. What is in it is not kept.
    private func readable(_ key: String, else lack: String, _ isGood: (String) -> Bool) -> String? {
        var file: String?
        node.readOptional(key, .plainText("a file name"), into: &file)
        guard let name = file, let text = node.contents(of: name, at: key) else { return nil }
        if !isGood(text) { node.error("\(node.path).\(key) holds \(lack)", at: key) }
        return node.location(of: name)
    }

    /// Seeds and credentials sign a challenge; users and tokens are sent as they are.
    private func warnAboutClearText(_ way: Way) {
        switch way.credentials {
        case .none, .file, .nkeySeed: return
        case .user, .token: break
        }
        guard urls.contains(where: { !$0.isTLS && !$0.isLoopback }) else { return }
        node.warning("\(node.path) sends \(way.name) in the clear to other machines; use tls://", at: way.key)
    }
}
