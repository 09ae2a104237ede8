// The door to records and logs for callers on any loop: bounded, and answered on theirs.
#if Redis
internal import Logging
internal import NIOCore
internal import Synchronization
internal import TransportAPI
internal import TransportKit

final class RedisStore: Sendable {
    private struct Load {
        var calls = 0
        var bytes = 0
        var isClosed = false
    }

    /// What seals and opens on the transport's loop.
    struct Seals {
        let records: StoreSeal
        let logs: StoreSeal
    }

    let options: RedisOptions
    let loop: any EventLoop
    private let logger: Logger
    private let name: String
    private let load = Mutex(Load())
    private let room: NIOLoopBoundBox<StoreRoom?>
    private let seals: NIOLoopBoundBox<Seals?>

    init(context: TransportContext, options: RedisOptions, on loop: any EventLoop) {
        self.options = options
        self.loop = loop
        logger = context.logger
        name = context.member.name
        room = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: loop)
        seals = NIOLoopBoundBox.makeBoxSendingValue(nil, eventLoop: loop)
    }

    // MARK: Life

    func start(_ dial: RedisDial) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        loop.execute {
            guard !self.load.withLock({ $0.isClosed }) else { return promise.fail(OutgoingQueue.closed) }
            do {
                let place = "\(self.options.prefix)/\(self.options.database)"
                let records = try StoreSeal(
                    secrets: self.options.secrets, broker: "redis", place: place, role: "patchbay redis record 1")
                let logs = try StoreSeal(
                    secrets: self.options.secrets, broker: "redis", place: place, role: "patchbay redis log 1")
                self.seals.value = Seals(records: records, logs: logs)
            } catch {
                return promise.fail(error)
            }
            let room = StoreRoom(dial, on: self.loop, name: self.name, self.logger)
            self.room.value = room
            room.start { error in if let error { promise.fail(error) } else { promise.succeed() } }
        }
        return promise.futureResult
    }

    /// Completes when every call under way has been told.
    func close() -> EventLoopFuture<Void> {
        load.withLock { $0.isClosed = true }
        return loop.submit { self.room.value?.close() }
    }

    func crash() { loop.execute { self.room.value?.close() } }

    // MARK: Calls

    /// Runs a script and reads its answer.
    /// - Parameters:
    ///   - bytes: about how much it carries.
    ///   - request: made on the transport's loop, when there is a connection.
    ///   - read: the answer, on the transport's loop; nil where it is not what the script gives.
    func call<Value: Sendable>(
        _ name: String, bytes: Int = 0, on caller: any EventLoop,
        _ request: @escaping @Sendable (RedisKeys, Seals) -> StoreCall.Request,
        _ read: @escaping @Sendable (RESPValue, StoreRoom, Seals) -> Value?
    ) -> EventLoopFuture<Value> {
        let cost = bytes + Self.callCost
        if let refusal = admit(cost) { return caller.makeFailedFuture(refusal) }
        let deadline = NIODeadline.now() + options.callTimeout - StoreRoom.tickEvery
        let promise = caller.makePromise(of: Value.self)
        let settled: @Sendable () -> Void = {
            self.load.withLock { load in
                load.calls -= 1
                load.bytes -= cost
            }
        }
        loop.execute {
            guard let room = self.room.value, let seals = self.seals.value else {
                settled()
                return promise.fail(
                    TransportError(.unreachable, .notDelivered, "\(name): the transport was not started"))
            }
            let complete = { (result: Result<RESPValue, TransportError>) in
                switch result {
                case .failure(let error): promise.fail(error)
                case .success(let value):
                    if let value = read(value, room, seals) { return promise.succeed(value) }
                    promise.fail(
                        TransportError(.malformed, .unknown, "\(name): Redis answered as no script of ours does"))
                }
            }
            room.submit(
                StoreCall(name, by: deadline, { request($0, seals) }, complete, settled: settled))
        }
        return promise.futureResult
    }

    /// What a call costs besides its bytes.
    private static let callCost = 256

    private func admit(_ cost: Int) -> TransportError? {
        load.withLock { load in
            if load.isClosed { return OutgoingQueue.closed }
            guard load.calls < options.callsMax, load.calls == 0 || load.bytes + cost <= options.callBytesMax else {
                return TransportError(
                    .overloaded, .notDelivered,
                    "More than \(options.callsMax) calls or \(options.callBytesMax) bytes wait for the Redis server.")
            }
            load.calls += 1
            load.bytes += cost
            return nil
        }
    }
}
#endif
