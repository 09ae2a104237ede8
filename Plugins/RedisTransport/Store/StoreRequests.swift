// What directory and log ask of the server, as scripts with their keys and arguments. Pure but for chance.
#if Redis
internal import NIOCore
internal import SealedBox

enum StoreRequests {
    /// Bytes of a page after which it ends, shorter than asked for.
    private static let pageBytesMax = 2 * 1024 * 1024
    /// The cluster's key outlives all records, and then some.
    private static func clusterLifetime(_ options: RedisOptions) -> String {
        String(milliseconds(options.recordLifetimeMax) * 2)
    }

    /// Whole ones, so that nothing goes before its time.
    static func milliseconds(_ time: TimeAmount) -> Int64 { max(1, (time.nanoseconds + 999_999) / 1_000_000) }

    static func meet(_ facts: ServerFacts, _ options: RedisOptions) -> StoreCall.Request {
        StoreCall.Request(
            script: .meet,
            keys: [
                RedisKeys(prefix: options.prefix, run: nil).cluster,
                RedisKeys(prefix: options.prefix, run: facts.runID).cluster,
            ],
            arguments: [
                .text(facts.runID), .text(facts.forgetsAtRestart ? "forgets" : ""), .text(clusterLifetime(options)),
                .text(String(SecureRandom.uint64())),
            ])
    }

    static func incarnation(_ keys: RedisKeys, _ options: RedisOptions) -> StoreCall.Request {
        StoreCall.Request(
            script: .incarnation, keys: [keys.cluster],
            arguments: [.text(clusterLifetime(options)), .text(String(SecureRandom.uint64()))])
    }

    static func read(_ key: String) -> StoreCall.Request {
        StoreCall.Request(script: .read, keys: [key], arguments: [])
    }

    /// - Parameters:
    ///   - expected: the revision that must stand there; nil: there must be no record.
    ///   - value: sealed; nil deletes.
    static func write(
        _ key: String, _ keys: RedisKeys, expecting expected: UInt64?, _ value: [UInt8]?, lifetime: TimeAmount,
        _ options: RedisOptions
    ) -> StoreCall.Request {
        StoreCall.Request(
            script: .write, keys: [key, keys.cluster],
            arguments: [
                .text(expected.map { String($0) } ?? ""), .text(value == nil ? "delete" : "set"), .sealed(value ?? []),
                .text(String(milliseconds(lifetime))), .text(clusterLifetime(options)),
                .text(String(SecureRandom.uint64())),
            ])
    }

    static func append(
        _ log: String, after: UInt64, _ entries: [(number: UInt64, sealed: [UInt8])], lifetime: TimeAmount,
        _ options: RedisOptions
    ) -> StoreCall.Request {
        var arguments: [StoreCall.Argument] = [
            .text(String(after)), .text(String(milliseconds(lifetime))), .text(String(max(1, options.logEntriesMax))),
            .text(String(max(1, options.logEntryBytesMax))),
        ]
        for entry in entries {
            arguments.append(.text(String(entry.number)))
            arguments.append(.sealed(entry.sealed))
        }
        return StoreCall.Request(script: .append, keys: [log], arguments: arguments)
    }

    /// Entries that nobody reads, for a second: the second time behind a hole, and too many of them.
    static func probe(_ log: String, after position: UInt64) -> StoreCall.Request {
        let limits = [String(position), "1000", "2", "1"].map { StoreCall.Argument.text($0) }
        let entries = (1...3).flatMap { [.text(String(position + $0)), .sealed([0])] as [StoreCall.Argument] }
        return StoreCall.Request(script: .append, keys: [log], arguments: limits + entries)
    }

    static func remove(_ log: String) -> StoreCall.Request {
        StoreCall.Request(script: .remove, keys: [log], arguments: [])
    }

    static func page(_ log: String, after position: UInt64, limit: Int) -> StoreCall.Request {
        StoreCall.Request(
            script: .page, keys: [log],
            arguments: [.text(String(position)), .text(String(limit)), .text(String(pageBytesMax))])
    }
}
#endif
