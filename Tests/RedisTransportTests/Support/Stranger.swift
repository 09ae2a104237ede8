// Somebody with the right to use the server and without the secret: hears channels, says anything, writes any key.
#if Redis
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import TransportAPI

@testable import RedisTransport

final class Stranger: Sendable {
    struct Message: Sendable {
        var channel: String
        var bytes: [UInt8]
    }

    private let heard = Mutex<[Message]>([])
    private let loop: any EventLoop
    private let speaking: NIOLoopBound<RedisChannel>
    private let hearing: NIOLoopBound<RedisChannel>

    init(at bench: RedisBench) async throws {
        loop = bench.loop
        let options = bench.options()
        speaking = try await Self.connect(options, on: loop)
        hearing = try await Self.connect(options, on: loop)
        try await loop.submit { [self] in
            hearing.value.heard = { [weak self] channel, message in
                self?.heard.withLock {
                    $0.append(Message(channel: String(buffer: channel), bytes: Array(message.readableBytesView)))
                }
            }
        }.get()
    }

    private static func connect(_ options: RedisOptions, on loop: any EventLoop) async throws
        -> NIOLoopBound<RedisChannel>
    {
        let dial = try RedisDial(options: options)
        return try await loop.flatSubmit {
            let promise = loop.makePromise(of: NIOLoopBound<RedisChannel>.self)
            dial.connect(on: loop, as: "stranger") { result in
                switch result {
                case .success(let channel): promise.succeed(NIOLoopBound(channel, eventLoop: loop))
                case .failure(let error): promise.fail(error)
                }
            }
            return promise.futureResult
        }.get()
    }

    var recording: [Message] { heard.withLock { $0 } }

    /// Begins to record these channels.
    func listen(to channels: [String]) async throws {
        for channel in channels { _ = try await ask("SUBSCRIBE", [Array(channel.utf8)], hearing) }
    }

    func stop() async throws { _ = try await ask("UNSUBSCRIBE", [], hearing) }

    /// Without waiting for the answer; ``flush()`` does.
    func say(_ bytes: [UInt8], on channel: String) {
        loop.execute { [speaking] in
            var command = RESPCommand("PUBLISH", count: 2)
            command.add(channel)
            command.add(bytes)
            speaking.value.send(command) { _ in }
            speaking.value.flush()
        }
    }

    /// Returns when the server has everything.
    func flush() async throws { _ = try await ask("PING", [], speaking) }

    func ask(_ word: StaticString, _ arguments: [[UInt8]]) async throws -> RESPValue {
        try await ask(word, arguments, speaking)
    }

    func ask(_ word: StaticString, _ arguments: String...) async throws -> RESPValue {
        try await ask(word, arguments.map { Array($0.utf8) }, speaking)
    }

    private func ask(
        _ word: StaticString, _ arguments: [[UInt8]], _ channel: NIOLoopBound<RedisChannel>
    ) async throws -> RESPValue {
        try await loop.flatSubmit { [loop] in
            let promise = loop.makePromise(of: RESPValue.self)
            var command = RESPCommand(word, count: arguments.count)
            for argument in arguments { command.add(argument) }
            channel.value.send(command) { promise.completeWith($0.mapError { $0 as any Error }) }
            channel.value.flush()
            return promise.futureResult
        }.get()
    }

    func close() async throws {
        try await loop.submit { [speaking, hearing] in
            let error = TransportError(.closed, .notDelivered, "The test is over.")
            speaking.value.close(error)
            hearing.value.close(error)
        }.get()
    }
}
#endif
