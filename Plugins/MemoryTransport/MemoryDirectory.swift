// The directory port of one member.
internal import NIOCore
internal import Synchronization
internal import TransportAPI

final class MemoryDirectory: SessionDirectory {
    private let backend: MemoryBackend
    private let calls: StoreCall

    init(member: MemoryMember, backend: MemoryBackend) {
        self.backend = backend
        calls = StoreCall(member: member, backend: backend, port: "directory")
    }

    var valueBytesMax: Int { backend.limits.valueBytes }
    var timeout: TimeAmount { backend.limits.callTimeout }

    func incarnation(on loop: any EventLoop) -> EventLoopFuture<UInt64?> {
        calls.run("incarnation", on: loop) { [backend] () throws(TransportError) in
            backend.records.withLock { $0.incarnation }
        }
    }

    func read(_ key: Key128, on loop: any EventLoop) -> EventLoopFuture<DirectoryRead> {
        calls.run("read", on: loop) { [backend] () throws(TransportError) in
            backend.records.withLock { $0.read(key, now: backend.clock()) }
        }
    }

    func create(
        _ key: Key128, _ value: ByteBuffer, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        calls.run("create", on: loop) { [backend] () throws(TransportError) in
            try backend.records.withLock { (records) throws(TransportError) in
                try records.create(key, value, lifetime: lifetime, now: backend.clock())
            }
        }
    }

    func update(
        _ key: Key128, _ value: ByteBuffer, from revision: UInt64, lifetime: TimeAmount, on loop: any EventLoop
    ) -> EventLoopFuture<DirectoryWrite> {
        calls.run("update", on: loop) { [backend] () throws(TransportError) in
            try backend.records.withLock { (records) throws(TransportError) in
                try records.update(key, value, from: revision, lifetime: lifetime, now: backend.clock())
            }
        }
    }

    func delete(_ key: Key128, from revision: UInt64, on loop: any EventLoop) -> EventLoopFuture<DirectoryWrite> {
        calls.run("delete", on: loop) { [backend] () throws(TransportError) in
            backend.records.withLock { $0.delete(key, from: revision, now: backend.clock()) }
        }
    }
}
