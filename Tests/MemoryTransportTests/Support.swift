// What the tests of the memory transport share: a subscriber that writes down, members on one embedded loop.
import MemoryTransport
import NIOCore
import NIOEmbedded
import Synchronization
import Testing
import TransportAPI

/// Writes down what it hears, in one line each.
final class Recorder: EnvelopeReceiver {
    private let lines = Mutex<[String]>([])

    /// `text<sender`, `all`, or the error's code.
    var heard: [String] { lines.withLock(\.self) }

    /// The bodies alone.
    var bodies: [String] { heard.filter { $0.contains("<") }.map { String($0.prefix { $0 != "<" }) } }

    func received(_ envelope: Envelope, from sender: MemberID) {
        note(String(buffer: envelope.body) + "<" + sender.name)
    }

    func receivedAll() { note("all") }

    func missed(_ error: TransportError, from member: MemberID) { note("missed") }

    func subscriptionEnded(_ error: TransportError) { note(error.code.rawValue) }

    private func note(_ line: String) { lines.withLock { $0.append(line) } }
}

/// A backend with members on one embedded loop, all in one thread.
struct EmbeddedCluster {
    let loop = EmbeddedEventLoop()
    let backend: MemoryBackend
    let members: [MemberID]
    let transports: [MemoryTransport]

    /// Members are called `a`, `b`, `c`, …; their clock is the loop's.
    init(_ count: Int = 2, limits: MemoryLimits = MemoryLimits(), faults: FaultPlan? = nil) throws {
        let loop = self.loop
        let clock = NIOLoopBound(loop, eventLoop: loop)
        backend = MemoryBackend(clock: { clock.value.now }, limits: limits, faults: faults, incarnation: 1)
        members = try (0..<count).map {
            try #require(MemberID(name: String(UnicodeScalar(UInt8(0x61 + $0))), incarnation: UInt64($0 + 1)))
        }
        let backend = self.backend
        transports = members.map { MemoryTransport(member: $0, backend: backend) }
        for transport in transports { try transport.start(on: loop).wait() }
    }

    func bus(_ index: Int) throws -> any MessageBus { try #require(transports[index].bus) }
    func directory(_ index: Int) throws -> any SessionDirectory { try #require(transports[index].directory) }
    func log(_ index: Int) throws -> any StreamLog { try #require(transports[index].log) }

    func listen(
        _ index: Int, to subject: Subject, capacity: SubscriptionCapacity = .init()
    ) throws -> (Recorder, any Subscription) {
        let recorder = Recorder()
        let subscription = try bus(index).subscribe(to: subject, capacity: capacity, on: loop, recorder).wait()
        return (recorder, subscription)
    }

    func publish(_ text: String, from index: Int, to subject: Subject) throws {
        try bus(index).publish(.text(text), to: subject)
    }
}

extension Envelope {
    static func text(_ text: String) -> Envelope { Envelope(header: ByteBuffer(), body: ByteBuffer(string: text)) }
}

/// The error that a call fails with, or nil.
func failure<Value>(_ call: () throws -> Value) -> TransportError.Code? {
    do { _ = try call() } catch { return (error as? TransportError)?.code }
    return nil
}
