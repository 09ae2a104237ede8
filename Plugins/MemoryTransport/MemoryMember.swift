// A member as its backend and its ports see it: who it is, and whether it is alive.
internal import Synchronization
internal import TransportAPI

final class MemoryMember: Sendable {
    enum State: UInt8, AtomicRepresentable {
        case new, running, closed
        /// Gone without a goodbye: the others do not know.
        case crashed
    }

    let id: MemberID
    private let current = Atomic(State.new)

    init(_ id: MemberID) { self.id = id }

    var state: State {
        get { current.load(ordering: .acquiring) }
        set { current.store(newValue, ordering: .releasing) }
    }

    /// Nil while it runs; else what its ports have to say.
    func refusal(of call: String) -> TransportError? {
        guard state != .running else { return nil }
        let reason = state == .new ? "the transport was not started" : "the transport was closed"
        return TransportError(.closed, .notDelivered, "\(call) by \(id) refused: \(reason)")
    }
}
