// One call of the directory or the log, from the port to its answer.
#if Redis
internal import NIOCore
internal import TransportAPI

/// Belongs to the transport's loop.
final class StoreCall {
    /// What is run at the server.
    struct Request {
        var script: RedisScript
        var keys: [String]
        var arguments: [Argument]
    }

    enum Argument {
        case text(String)
        case sealed([UInt8])
    }

    /// As it stands in error texts: `directory.read`.
    let name: String
    /// When it ends at the latest.
    let deadline: NIODeadline
    /// Made when there is a connection: what keys are called depends on the server.
    private var make: ((RedisKeys) -> Request)?
    private var complete: ((Result<RESPValue, TransportError>) -> Void)?
    private var settled: (() -> Void)?
    /// It went to the server.
    var isSent = false

    /// - Parameters:
    ///   - complete: called once.
    ///   - settled: called once, when nothing of it waits at the server any more.
    init(
        _ name: String, by deadline: NIODeadline, _ request: @escaping (RedisKeys) -> Request,
        _ complete: @escaping (Result<RESPValue, TransportError>) -> Void, settled: @escaping () -> Void
    ) {
        self.name = name
        self.deadline = deadline
        self.settled = settled
        make = request
        self.complete = complete
    }

    var isOver: Bool { complete == nil }

    /// What is to be run, once; nil when it is over.
    func request(_ keys: RedisKeys) -> Request? { make.take()?(keys) }

    /// Only the first end counts.
    func end(_ result: Result<RESPValue, TransportError>) {
        make = nil
        complete.take()?(result)
        if !isSent { settle() }
    }

    func settle() { settled.take()?() }

    func fail(_ code: TransportError.Code, _ delivery: TransportError.Delivery, _ reason: String) {
        end(.failure(TransportError(code, delivery, "\(name): \(reason)")))
    }
}

extension StoreCall.Request {
    /// By the script's digest, or with its whole text when the server does not know it.
    func command(digest: String?) -> RESPCommand {
        let bytes = arguments.reduce(0) { $0 + $1.count + 16 }
        let count = 2 + keys.count + arguments.count
        var command = RESPCommand(digest == nil ? "EVAL" : "EVALSHA", count: count, reserving: bytes)
        command.add(digest ?? script.rawValue)
        command.add(String(keys.count))
        for key in keys { command.add(key) }
        for argument in arguments {
            switch argument {
            case .text(let text): command.add(text)
            case .sealed(let bytes): command.add(bytes)
            }
        }
        return command
    }
}

extension StoreCall.Argument {
    fileprivate var count: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .sealed(let bytes): bytes.count
        }
    }
}
#endif
