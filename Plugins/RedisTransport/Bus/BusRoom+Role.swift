// What the server's counts of receivers are worth, and whether it is still the one that has everything.
#if Redis
internal import NIOCore
internal import TransportAPI
internal import TransportKit

extension BusRoom {
    /// The server has handed the message to nobody whom it counts. It does not count who hears at its replicas, so it
    /// is asked for those first; everything that was not counted until its answer is told then.
    func noteUncounted(_ receipt: UInt64, _ member: MemberID) {
        uncounted.append((receipt, member))
        if uncounted.count == 1 { askRole() }
    }

    /// Looks whether the server is still the one that has everything.
    func askRole() {
        publishing?.send(RESPCommand("INFO", with: ["replication"])) { [weak self] result in
            guard let self else { return }
            let told = uncounted
            uncounted = []
            // Without an answer nobody is called absent.
            guard case .success(let value) = result, let text = value.text else { return }
            let facts = ServerFacts(text)
            if facts.countsAllReceivers { for (receipt, member) in told { noteUnheard(receipt, member) } }
            guard !facts.isPrimary else { return }
            publishing?.close(
                TransportError(
                    .interrupted, .unknown, "The Redis server at \(options.place) is a replica now (\(facts.role))."))
        }
        publishing?.flush()
    }

    private func noteUnheard(_ receipt: UInt64, _ member: MemberID) {
        bus.noteAbsent(member)
        if receipt != 0 { heard[.inbox(bus.names.own)]?.inbox.unheard(receipt, by: member) }
    }
}
#endif
