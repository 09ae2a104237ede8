// Where a desk's frames go out.
internal import NIOCore
internal import TransportAPI

/// The bus as one desk uses it.
struct RelayPost {
    let bus: any MessageBus
    /// The loop of this desk, to which answers come.
    let loop: UInt8

    func send(
        _ header: ByteBuffer, _ body: ByteBuffer = ByteBuffer(), to member: MemberID, receipt: UInt64 = 0
    ) throws(TransportError) {
        try bus.publish(Envelope(header: header, body: body, receipt: receipt), to: .inbox(member))
    }

    /// Sends what may be lost without harm: something later says the same.
    func trySend(_ header: ByteBuffer, _ body: ByteBuffer = ByteBuffer(), to member: MemberID) {
        do throws(TransportError) { try send(header, body, to: member) } catch {}
    }
}

/// An event loop of a member.
struct RelayTarget: Hashable {
    var member: MemberID
    var loop: UInt8
}

extension TransportError {
    /// A full queue drains, and a way to a member that was lost is often there again in a moment. Whether the member
    /// itself is gone others find out.
    var mayPass: Bool { code == .overloaded || code == .unreachable }
}
