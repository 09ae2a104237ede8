// What cannot work of the settings, said in one sentence each before anything is connected. Pure.
internal import NIOCore

extension RedisOptions {
    /// Most bytes of a host's name.
    static let hostBytesMax = 253

    /// Host and port, for people.
    var place: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// Why a cluster cannot run with these values; nil if it can.
    var problem: String? { addressProblem ?? identityProblem ?? boundProblem }

    private var addressProblem: String? {
        let isHost = (1...Self.hostBytesMax).contains(host.utf8.count)
            && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        if !isHost || !(1...65_535).contains(port) { return "the Redis server needs a host and a port from 1 to 65535" }
        if database < 0 { return "the number of a Redis database is not negative" }
        let isPrefix = (1...32).contains(prefix.utf8.count)
            && prefix.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
                default: false
                }
            }
        return isPrefix ? nil : "the prefix of Redis keys and channels is 1 to 32 of A-Z a-z 0-9 _ -"
    }

    private var identityProblem: String? {
        if user != nil, password == nil { return "a user of a Redis server has a password" }
        if let tls, (tls.certificateFile == nil) != (tls.keyFile == nil) {
            return "a client certificate for a Redis server needs both its file and that of its key"
        }
        if let name = tls?.serverName, name != host, (try? SocketAddress(ipAddress: name, port: 0)) != nil {
            return "the name to check in a Redis server's certificate is a name, not another address"
        }
        if !(1...2).contains(secrets.count) || secrets.contains(where: \.isEmpty) {
            return "what members send is sealed with one shared secret, or two while it is being rotated"
        }
        return nil
    }

    private var boundProblem: String? {
        if recordLifetimeMax < .seconds(1) { return "records live for at least a second" }
        if envelopeBytesMax < 256 * 1024 || queueBytesMax < envelopeBytesMax || heldBytesMax < envelopeBytesMax
            || partialBytesMax < envelopeBytesMax || pieceBytesMax < 4_096
        {
            return "an envelope has room for 256 KiB at least, each queue for one envelope, a piece for 4 KiB"
        }
        if eventBytesMax < 256 * 1024 || callBytesMax < eventBytesMax + logEntryBytesMax {
            return "an event has room for 256 KiB at least, and the queue of calls for one append"
        }
        if reconnectFirst <= .nanoseconds(0) || reconnectMax < reconnectFirst || pingEvery < .milliseconds(100)
            || replyTimeout < .milliseconds(100)
        {
            return "pauses between attempts grow from the first to the last, and pings are 0.1 s apart at least"
        }
        return nil
    }
}
