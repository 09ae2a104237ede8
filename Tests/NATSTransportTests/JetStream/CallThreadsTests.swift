// The threads that wait for the server: order, bounds, deadlines, closing.
#if NATS
import Dispatch
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("JetStream: call threads", .timeLimit(.minutes(1)))
struct CallThreadsTests {
    private let loop = MultiThreadedEventLoopGroup.singleton.next()
    private let key = Key128(high: 0, low: 1)

    private func threads(calls: Int = 100, timeout: TimeAmount = .seconds(20)) -> CallThreads<[Int]> {
        let threads = CallThreads<[Int]>(.init(calls: calls, bytes: 100, timeout: timeout, grace: .zero)) { [] }
        #expect(threads.start())
        return threads
    }

    private func code<Value: Sendable>(_ future: EventLoopFuture<Value>) async -> TransportError.Code? {
        do { _ = try await future.get() } catch { return (error as? TransportError)?.code }
        return nil
    }

    @Test("Calls of one key run in order on one thread, which keeps its state")
    func order() async throws {
        let threads = threads()
        let all = (0..<100).map { number in
            threads.run("call", key, on: loop) { state, _ throws(TransportError) in
                state.append(number)
                return state.count
            }
        }
        #expect(try await EventLoopFuture.whenAllSucceed(all, on: loop).get() == Array(1...100))
        try await threads.stop(on: loop).get()
    }

    @Test("Beyond a bound calls are refused as overloaded, and one call is let in whatever its bytes")
    func bounds() async throws {
        let threads = threads(calls: 2)
        let gate = Gate()
        let first = threads.run("call", key, bytes: 1_000, on: loop) { _, _ throws(TransportError) in gate.wait() }
        let refused = threads.run("call", key, bytes: 1, on: loop) { _, _ throws(TransportError) in }
        #expect(await code(refused) == .overloaded)
        gate.open()
        try await first.get()
        let second = Gate()
        let calls = (0..<3).map { _ in
            threads.run("call", key, on: loop) { _, _ throws(TransportError) in second.wait() }
        }
        #expect(await code(calls[2]) == .overloaded)
        second.open()
        try await calls[0].get()
        try await calls[1].get()
        try await threads.stop(on: loop).get()
    }

    @Test("A call whose turn does not come in time is not begun; one that has begun is unknown")
    func deadlines() async throws {
        let threads = threads(timeout: .seconds(2))
        let gate = Gate()
        let hasRun = Atomic(false)
        let begun = threads.run("call", key, on: loop) { _, _ throws(TransportError) in gate.wait() }
        let waiting = threads.run("call", key, on: loop) { _, _ throws(TransportError) in
            hasRun.store(true, ordering: .releasing)
        }
        #expect(await code(begun) == .timedOut)
        #expect(await code(waiting) == .unreachable)
        gate.open()
        // The thread goes on with what comes next.
        let next = threads.run("call", key, within: .seconds(20), on: loop) { state, _ throws(TransportError) in
            state.count
        }
        #expect(try await next.get() == 0)
        let wasBegun = hasRun.load(ordering: .acquiring)
        #expect(!wasBegun)
        try await threads.stop(on: loop).get()
    }

    @Test("After closing calls are refused, and those that wait fail")
    func closing() async throws {
        let threads = threads()
        let gate = Gate()
        let entered = Gate()
        let begun = threads.run("call", key, on: loop) { _, _ throws(TransportError) in
            entered.open()
            gate.wait()
        }
        let waiting = threads.run("call", key, on: loop) { _, _ throws(TransportError) in }
        await Task.detached { entered.wait() }.value
        threads.refuse()
        gate.open()
        try await begun.get()
        #expect(await code(waiting) == .closed)
        #expect(await code(threads.run("call", key, on: loop) { _, _ throws(TransportError) in }) == .closed)
        try await threads.stop(on: loop).get()
    }

    @Test("What is left to do afterwards is done before the next call")
    func afterwards() async throws {
        let threads = threads()
        let first = threads.run("call", key, on: loop) { state, turn throws(TransportError) in
            turn.afterwards = { $0.append(7) }
            return state.count
        }
        let second = threads.run("call", key, on: loop) { state, _ throws(TransportError) in state }
        #expect(try await first.get() == 0)
        #expect(try await second.get() == [7])
        try await threads.stop(on: loop).get()
    }
}

/// Holds threads up until it is opened, or for ten seconds each.
private final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { if semaphore.wait(timeout: .now() + 10) == .success { semaphore.signal() } }

    func open() { semaphore.signal() }
}

#endif
