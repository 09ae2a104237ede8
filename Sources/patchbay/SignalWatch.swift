// SIGTERM and SIGINT as something that can be awaited: the first asks for a drain, the second for haste.
internal import Dispatch
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// `@unchecked Sendable`: the sources are only kept alive here.
final class SignalWatch: @unchecked Sendable {
    private let arrivals: [AsyncStream<Void>]
    private let continuations: [AsyncStream<Void>.Continuation]
    private let sources: [any DispatchSourceSignal]

    init() {
        let first = AsyncStream.makeStream(of: Void.self)
        let second = AsyncStream.makeStream(of: Void.self)
        arrivals = [first.stream, second.stream]
        continuations = [first.continuation, second.continuation]
        let queue = DispatchQueue(label: "patchbay.signals")
        let counter = Counter(continuations)
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { counter.step() }
            source.activate()
            return source
        }
        signal(SIGPIPE, SIG_IGN)
    }

    /// Confined to the signal queue.
    private final class Counter: @unchecked Sendable {
        private var waiting: [AsyncStream<Void>.Continuation]

        init(_ waiting: [AsyncStream<Void>.Continuation]) { self.waiting = waiting }

        func step() { if !waiting.isEmpty { waiting.removeFirst().finish() } }
    }

    func first() async { for await _ in arrivals[0] {} }

    func second() async { for await _ in arrivals[1] {} }

    /// Lets whoever waits for the second signal go.
    func release() { continuations[1].finish() }
}
