// Tries at the start everything that this user must be allowed to do with records and logs, so that nobody finds out in
// the middle of a session.
#if Redis
internal import NIOCore
internal import TransportAPI

enum StoreProbe {
    /// - Parameter done: called once: with nil, or with the first thing that failed.
    static func run(
        on channel: RedisChannel, _ keys: RedisKeys, _ options: RedisOptions,
        _ done: @escaping (TransportError?) -> Void
    ) {
        let key = Key128(high: 0, low: 0)
        let (record, log) = (keys.session(key), keys.log(key))
        var steps: [(what: String, request: StoreCall.Request)] = [
            ("write \(keys.cluster)", StoreRequests.incarnation(keys, options)),
            ("read \(record)", StoreRequests.read(record)),
            ("append to \(log)", StoreRequests.probe(log, after: 0)),
            ("begin \(log) anew", StoreRequests.probe(log, after: 10)),
            ("read \(log)", StoreRequests.page(log, after: 0, limit: 1)),
            ("remove \(log)", StoreRequests.remove(log)),
        ]
        steps.append(
            (
                "write \(record)",
                StoreRequests.write(record, keys, expecting: nil, [0], lifetime: .seconds(1), options)
            ))
        var failure: TransportError?
        for (what, request) in steps {
            channel.send(request.command(digest: nil)) { result in
                if case .success(.error(let text)) = result {
                    failure = failure ?? RedisFailure.error(text, "cannot \(what)")
                } else if what.hasPrefix("write \(record)"), failure == nil {
                    remove(record, result, on: channel, keys, options, done)
                }
            }
        }
        channel.send(RESPCommand("PING", count: 0)) { result in
            if case .failure(let error) = result { done(failure ?? error) } else if let failure { done(failure) }
        }
        channel.flush()
    }

    /// The record of the probe, or the one that another member has just made for the same reason.
    private static func remove(
        _ record: String, _ written: Result<RESPValue, TransportError>, on channel: RedisChannel, _ keys: RedisKeys,
        _ options: RedisOptions, _ done: @escaping (TransportError?) -> Void
    ) {
        guard case .success(let value) = written, let revision = value.elements?.first?.number else {
            return done(
                TransportError(.malformed, .unknown, "writing \(record) was answered as no script of ours does"))
        }
        let request = StoreRequests.write(record, keys, expecting: revision, nil, lifetime: .seconds(1), options)
        channel.send(request.command(digest: nil)) { result in
            switch result {
            case .success(.error(let text)): done(RedisFailure.error(text, "cannot remove \(record)"))
            case .success: done(nil)
            case .failure(let error): done(error)
            }
        }
        channel.flush()
    }
}
#endif
