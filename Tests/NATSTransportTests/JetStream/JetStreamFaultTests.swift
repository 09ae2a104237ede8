// Directory and log when the server dies, stands still, is full, or loses what it had.
#if NATS
import Foundation
import NIOCore
import TestSupport
import Testing
import TransportAPI

@testable import NATSTransport

@Suite(
    "JetStream: a server in trouble", .serialized, .timeLimit(.minutes(1)))
struct JetStreamFaultTests {
    @Test("What was acknowledged is there after the server was killed, and appends go on")
    func killed() async throws {
        let server = try NATSServer()
        try await KeptBench(server).run { bench in
            let stream = Key128.random()
            let key = Key128.random()
            let created = try await bench.create(key, ByteBuffer(string: "record"))
            var top: UInt64 = 0
            for _ in 0..<3 {
                let target = top + 20
                var killer: Task<Void, Never>?
                // Until the server is gone. What fails may have been written or not.
                while (try? await bench.append([entry(top + 1)], to: stream, after: top)) == .appended {
                    top += 1
                    if top == target { killer = Task.detached { server.kill() } }
                }
                #expect(top >= target, "an append failed before the server was killed")
                await killer?.value
                server.kill()
                try server.start()
                #expect(try await bench.recovers(within: .seconds(20)))
                guard case .page(let page) = try await bench.read(stream, after: 0) else {
                    Issue.record("the log is gone")
                    return
                }
                #expect(page.count >= Int(top), "acknowledged \(top)")
                #expect(page.map(\.number) == Array(1...UInt64(page.count)))
                top = UInt64(page.count)
            }
            guard case .written(let revision) = created else {
                Issue.record("not created")
                return
            }
            let record = DirectoryRecord(value: ByteBuffer(string: "record"), revision: revision)
            #expect(try await bench.read(key) == .found(record))
        }
    }

    private static let callTimeout = TimeAmount.seconds(1)
    /// With what a busy machine may add.
    private static let callMost = callTimeout + .seconds(2)

    /// Returns when no thread of the server runs any more, which takes a moment on a busy machine.
    private static func pause(_ server: NATSServer) throws {
        server.pause()
        var state = siginfo_t()
        let child = try #require(server.child)
        #expect(waitid(P_PID, id_t(child), &state, WSTOPPED | WNOWAIT) == 0)
    }

    @Test("While the server stands still calls end in time, and afterwards everything works again")
    func paused() async throws {
        let server = try NATSServer()
        try await KeptBench(server) { $0.callTimeout = Self.callTimeout }.run { bench in
            let stream = Key128.random()
            #expect(try await bench.append([entry(1)], to: stream, after: 0) == .appended)
            try Self.pause(server)
            let begin = NIODeadline.now()
            // Many at once, so that some wait for a thread; then one after the other.
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        let start = NIODeadline.now()
                        let error = await failure { _ = try await bench.read(.random()) }
                        let time = NIODeadline.now() - start
                        #expect([.timedOut, .unreachable, .interrupted].contains(error?.code))
                        #expect(time < Self.callMost, "took \(time.nanoseconds / 1_000_000) ms")
                    }
                }
            }
            while NIODeadline.now() - begin < .seconds(10) {
                let start = NIODeadline.now()
                let error = await failure { _ = try await bench.append([entry(2)], to: stream, after: 1) }
                #expect([.timedOut, .unreachable, .interrupted].contains(error?.code))
                #expect(NIODeadline.now() - start < Self.callMost)
                try await Task.sleep(for: .milliseconds(100))
            }
            server.resume()
            #expect(try await bench.recovers(within: .seconds(20)))
            let again = try await bench.append([entry(2)], to: stream, after: 1)
            #expect(again == .appended || again == .stale(top: 2))
            #expect(try await bench.read(stream, after: 0) == .page([entry(1), entry(2)]))
        }
    }

    @Test("A full bucket refuses records and keeps those it has; logs have room of their own")
    func fullBucket() async throws {
        let server = try NATSServer()
        let stream = Key128.random()
        try await KeptBench(server) { $0.bucketBytesMax = 4 * 1024 * 1024 }.run { bench in
            let key = Key128.random()
            _ = try await bench.create(key, ByteBuffer(string: "before"))
            let error = await Self.fill(bench, most: 200)
            #expect(error?.code == .overloaded && error?.delivery == .notDelivered, "\(error as Any)")
            if case .found = try await bench.read(key) {} else { Issue.record("a record is gone") }
            #expect(try await bench.append([entry(1)], to: stream, after: 0) == .appended)
        }
    }

    /// Creates large records until it fails.
    private static func fill(_ bench: KeptBench, most: Int) async -> TransportError? {
        for _ in 0..<most {
            let error = await failure {
                _ = try await bench.create(.random(), ByteBuffer(repeating: 1, count: 60 * 1024))
            }
            if let error { return error }
        }
        return nil
    }

    @Test(
        "A full disk is told of, loses nothing that was acknowledged, and is over when there is room and a new start",
        .enabled(if: SmallDisk.isPossible, "needs mount namespaces of users"))
    func fullDisk() async throws {
        let disk = try SmallDisk(mebibytes: 24)
        var settings = NATSServer.Settings()
        settings.disk = disk
        let server = try NATSServer(settings)
        try await KeptBench(server).run { bench in
            let key = Key128.random()
            let stream = Key128.random()
            _ = try await bench.create(key, ByteBuffer(string: "before"))
            #expect(try await bench.append([entry(1)], to: stream, after: 0) == .appended)
            try disk.fill()
            // The server says that it has no room, or (2.9.10 locks itself out) nothing at all.
            let error = await Self.fill(bench, most: 500)
            #expect([.overloaded, .timedOut].contains(error?.code), "\(error as Any)")
            let start = NIODeadline.now()
            let again = await failure { _ = try await bench.create(.random(), ByteBuffer()) }
            print("full disk: \(error?.message ?? "-"), and then \(again?.message ?? "-")")
            #expect([.overloaded, .timedOut, .interrupted, .unreachable].contains(again?.code), "\(again as Any)")
            #expect(NIODeadline.now() - start < bench.directory.timeout + .seconds(1))
            try disk.free()
            server.kill()
            try server.start()
            #expect(try await bench.recovers(within: .seconds(20)))
            if case .found = try await bench.read(key) {} else { Issue.record("a record is gone") }
            #expect(try await bench.append([entry(2)], to: stream, after: 1) == .appended)
            #expect(try await bench.read(stream, after: 0) == .page([entry(1), entry(2)]))
        }
    }

    @Test("When all logs together are too large the oldest entries go, and who missed them is told")
    func evicted() async throws {
        let server = try NATSServer()
        let mib = 1024 * 1024
        try await KeptBench(server) { $0.logBytesMax = 4 * mib }.run { bench in
            let first = Key128.random()
            for number: UInt64 in 1...40 {
                _ = try await bench.append([entry(number, size: 50_000)], to: first, after: number - 1)
            }
            for number: UInt64 in 1...60 {
                _ = try await bench.append([entry(number, size: 50_000)], to: .random(), after: number - 1)
            }
            let read = try await bench.read(first, after: 0)
            guard case .lost(let left?) = read else {
                Issue.record("expected lost, saw \(read)")
                return
            }
            #expect(left > 1 && left <= 40)
            let rest = (left...40).map { entry($0, size: 50_000) }
            #expect(try await bench.read(first, after: left - 1) == .page(rest))
            #expect(try await bench.append([entry(41)], to: first, after: 40) == .appended)
        }
    }

    @Test("Records and logs of somebody without the secret are not read, and his records are not called absent")
    func stranger() async throws {
        let server = try NATSServer()
        let key = Key128.random()
        try await KeptBench(server) { $0.secrets = [Array(repeating: 9, count: 32)] }.run { bench in
            _ = try await bench.create(key, ByteBuffer(string: "foreign"))
            _ = try await bench.append([entry(1)], to: key, after: 0)
        }
        try await KeptBench(server).run { bench in
            let read = try await bench.read(key)
            #expect(read == .unknown)
            #expect(try await bench.create(key, ByteBuffer(string: "own")) == .lost(nil))
            #expect(try await bench.read(key, after: 0) == .lost(first: nil))
        }
    }
}

#endif
