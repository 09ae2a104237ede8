// The log port of one member.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

final class MemoryLog: StreamLog {
    private let backend: MemoryBackend
    private let calls: StoreCall

    init(member: MemoryMember, backend: MemoryBackend) {
        self.backend = backend
        calls = StoreCall(member: member, backend: backend, port: "log")
    }

    var eventBytesMax: Int { backend.limits.eventBytes }

    func append(
        _ entries: [LogEntry], to stream: Key128, after: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<LogAppend> {
        calls.run("append", on: loop) { [backend] () throws(TransportError) in
            try backend.streams.withLock { (streams) throws(TransportError) in
                try streams.append(entries, to: stream, after: after, lifetime: lifetime, now: backend.clock())
            }
        }
    }

    func read(
        _ stream: Key128, after position: UInt64, limit: Int, on loop: any EventLoop
    ) -> EventLoopFuture<LogRead> {
        calls.run("read", on: loop) { [backend] () throws(TransportError) in
            backend.streams.withLock { $0.read(stream, after: position, limit: limit, now: backend.clock()) }
        }
    }

    func remove(_ stream: Key128, on loop: any EventLoop) -> EventLoopFuture<Void> {
        calls.run("remove", on: loop) { [backend] () throws(TransportError) in
            backend.streams.withLock { $0.remove(stream) }
        }
    }
}
