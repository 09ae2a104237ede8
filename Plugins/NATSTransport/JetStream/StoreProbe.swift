// What is tried at the start, so that a server that cannot keep records and logs is found out then and not by a client.
#if NATS
internal import NIOCore
internal import TransportAPI
internal import TransportKit

/// Looks whether directory and log can work at this server, makes their streams if they are not there, and says what is
/// missing. Runs once, on a call thread.
struct StoreProbe {
    /// What a message of a log takes at most besides its piece: the index, the seal, the head.
    static let logOverheadMax = 64 * 1024
    /// Below it events and records do not fit.
    private static let payloadBytesLeast = 128 * 1024

    let store: JetStreamStore
    let deadline: NIODeadline

    func run() throws(TransportError) {
        let jetStream = try store.jetStream("start")
        do throws(JetStreamFailure) {
            try jetStream.check(by: deadline)
        } catch {
            throw checkFailed(error, jetStream)
        }
        let payload = jetStream.payloadBytesMax
        let most = store.options.valueBytesMax + BucketRecord.overhead + StoreSeal.overhead
        guard payload >= max(Self.payloadBytesLeast, most) else {
            throw refused(
                "the NATS server takes messages of \(payload) bytes, and \(max(Self.payloadBytesLeast, most)) are"
                    + " needed: raise its max_payload")
        }
        for plan in [store.bucket, store.logs] { try settle(plan, jetStream) }
        try tryBucket(jetStream)
        try tryLogs(jetStream)
    }

    // MARK: Parts

    private func checkFailed(_ failure: JetStreamFailure, _ jetStream: JetStream) -> TransportError {
        if failure.isSwitchedOff || failure.isMissingStream {
            return refused(
                "JetStream is off at the NATS server for this user: start nats-server with JetStream (-js, or a"
                    + " jetstream block with a store_dir), and enable it for the user's account")
        }
        return failed("ask for JetStream ($JS.API.INFO)", failure, jetStream)
    }

    private func settle(_ plan: StreamPlan, _ jetStream: JetStream) throws(TransportError) {
        do throws(JetStreamFailure) {
            try jetStream.settle(plan, by: deadline)
        } catch {
            throw failed("make the stream \(plan.name) ($JS.API.STREAM.CREATE.\(plan.name))", error, jetStream)
        }
        let state: StreamState?
        do throws(JetStreamFailure) {
            state = try jetStream.stream(plan.name, by: deadline)
        } catch {
            throw failed("look at the stream \(plan.name) ($JS.API.STREAM.INFO.\(plan.name))", error, jetStream)
        }
        guard let state else { throw refused("the stream \(plan.name) vanished from the NATS server while starting") }
        let differences = plan.differences(from: state)
        guard differences.isEmpty else {
            throw refused(
                "the stream \(plan.name) at the NATS server cannot be used, and was left as it is: "
                    + differences.joined(separator: "; ")
                    + ". Change or remove it at the server, choose another name here, or update a server that does"
                    + " not know these settings")
        }
    }

    private func tryBucket(_ jetStream: JetStream) throws(TransportError) {
        do throws(TransportError) {
            try store.learnTime("start", by: deadline)
        } catch {
            throw TransportError(
                error.code, error.delivery,
                "cannot write to the bucket \(store.options.bucket) and read it back ($KV.\(store.options.bucket).>,"
                    + " $JS.API.STREAM.MSG.GET.\(store.bucket.name)): \(error.message)\(said(jetStream))")
        }
    }

    private func tryLogs(_ jetStream: JetStream) throws(TransportError) {
        let subject = "\(store.options.prefix).log.probe"
        let name = store.logs.name
        do throws(JetStreamFailure) {
            _ = try store.whenServed(by: deadline) { () throws(JetStreamFailure) in
                try jetStream.publish([], to: subject, in: name, after: nil, by: deadline)
            }
            _ = try jetStream.last(subject, in: name, by: deadline)
            try jetStream.purge(subject, in: name, by: deadline)
        } catch {
            throw failed(
                "write to the stream \(name), read it and cut it off (\(store.options.prefix).log.*,"
                    + " $JS.API.STREAM.MSG.GET.\(name), $JS.API.STREAM.PURGE.\(name))", error, jetStream)
        }
    }

    private func failed(_ what: String, _ failure: JetStreamFailure, _ jetStream: JetStream) -> TransportError {
        let error = failure.error("start")
        return TransportError(error.code, error.delivery, "cannot \(what): \(error.message)\(said(jetStream))")
    }

    /// A server does not answer what it does not permit, but says so beside.
    private func said(_ jetStream: JetStream) -> String {
        jetStream.lastError.isEmpty ? "" : ". The server said: \(jetStream.lastError)"
    }

    private func refused(_ text: String) -> TransportError { TransportError(.unreachable, .notDelivered, text) }
}
#endif
