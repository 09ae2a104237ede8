// What cannot work of the settings, said in one sentence each before anything is connected. Pure.
internal import NIOCore

extension NATSOptions {
    /// Most addresses of one NATS cluster.
    static let urlsMax = 16
    static let urlBytesMax = 512

    /// Why a cluster cannot run with these values; nil if it can.
    var problem: String? { addressProblem ?? identityProblem ?? nameProblem ?? boundProblem }

    private var addressProblem: String? {
        guard (1...Self.urlsMax).contains(urls.count) else {
            return "1 to \(Self.urlsMax) addresses of NATS servers are needed, and there are \(urls.count)"
        }
        for url in urls where !Self.isAddress(url) {
            return "the address of a NATS server is nats://host:port or tls://host:port without user and password"
                + " (they have keys of their own), which one of the addresses is not"
        }
        return nil
    }

    private static func isAddress(_ url: String) -> Bool {
        let bytes = url.utf8
        let rest = ["nats://", "tls://"].first { url.hasPrefix($0) }.map { bytes.dropFirst($0.utf8.count) }
        guard let rest, !rest.isEmpty, bytes.count <= urlBytesMax else { return false }
        return rest.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x40 && $0 != 0x2C }
    }

    private var identityProblem: String? {
        let ways = [credentialsFile != nil, user != nil, token != nil, nkeySeedFile != nil].filter { $0 }.count
        if ways > 1 { return "a NATS server is given one of credentials file, user, token and nkey, not several" }
        if (user == nil) != (password == nil) { return "user and password for a NATS server come together" }
        if let tls, (tls.certificateFile == nil) != (tls.keyFile == nil) {
            return "a client certificate for a NATS server needs both its file and that of its key"
        }
        if !(1...2).contains(secrets.count) || secrets.contains(where: \.isEmpty) {
            return "what members send is sealed with one shared secret, or two while it is being rotated"
        }
        return nil
    }

    private var nameProblem: String? {
        if !Self.isName(prefix, max: 32) { return "the prefix of NATS subjects is 1 to 32 of A-Z a-z 0-9 _ -" }
        if !Self.isName(bucket, max: 64) { return "the name of the NATS bucket is 1 to 64 of A-Z a-z 0-9 _ -" }
        if !Self.isName(logStream, max: 64) { return "the name of the NATS stream is 1 to 64 of A-Z a-z 0-9 _ -" }
        return nil
    }

    private static func isName(_ name: String, max: Int) -> Bool {
        (1...max).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
    }

    private var boundProblem: String? {
        if !(1...5).contains(replicas) { return "records and logs have 1 to 5 copies at the NATS servers" }
        if recordLifetimeMax < .seconds(1) || logLifetimeMax < .seconds(1) {
            return "records and logs live for at least a second"
        }
        if envelopeBytesMax < 256 * 1024 || queueBytesMax < envelopeBytesMax || arrivalBytesMax < envelopeBytesMax
            || heldBytesMax < envelopeBytesMax || partialBytesMax < envelopeBytesMax
        {
            return "an envelope has room for 256 KiB at least, and each queue for one envelope at least"
        }
        if reconnectFirst <= .nanoseconds(0) || reconnectMax < reconnectFirst || pingEvery < .milliseconds(100) {
            return "pauses between attempts grow from the first to the last, and pings are 0.1 s apart at least"
        }
        return nil
    }
}
