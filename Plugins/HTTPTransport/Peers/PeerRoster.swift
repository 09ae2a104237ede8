// The addresses that are dialled: from the configured list, or from a name that is asked for again and again. Belongs
// to the cluster's loop.
internal import NIOCore

final class PeerRoster {
    private unowned let network: PeerNetwork
    private var dialers: [PeerAddress: PeerDialer] = [:]
    private var resolving: Scheduled<Void>?
    private var isResolved = true
    /// Counts changes of the source, so that the answer to an old question is not taken for a new one.
    private var generation = 0
    private var isClosed = false

    init(network: PeerNetwork) { self.network = network }

    /// Each address was tried.
    var isTried: Bool { isResolved && dialers.values.allSatisfy(\.isTried) }

    func follow(_ source: PeerSource) {
        guard !isClosed else { return }
        generation += 1
        resolving?.cancel()
        switch source {
        case .addresses(let addresses):
            isResolved = true
            list(addresses)
        case .dns(let name, let port):
            isResolved = false
            resolve(name, port, generation)
        }
    }

    private func resolve(_ name: String, _ port: Int, _ asked: Int) {
        PeerResolver.resolve(name, port: port, on: network.loop).assumeIsolated().whenComplete { result in
            guard asked == self.generation, !self.isClosed else { return }
            switch result {
            case .success(let addresses):
                self.list(addresses.compactMap { $0.ipAddress }.map { PeerAddress(host: $0, port: port) })
            case .failure(let error):
                self.network.log.unresolved(name, (error as? LinkEnd)?.text ?? "\(error)")
            }
            self.isResolved = true
            self.network.settle()
            self.resolving = self.network.loop.assumeIsolated().scheduleTask(in: self.network.options.resolveEvery) {
                self.resolve(name, port, asked)
            }
        }
    }

    private func list(_ addresses: [PeerAddress]) {
        let most = network.options.addressesMax
        if addresses.count > most { network.log.tooManyAddresses(addresses.count, most) }
        let listed = Set(addresses.prefix(most))
        for (address, dialer) in dialers where !listed.contains(address) {
            dialer.isUnlisted = true
            if !dialer.isLinked { remove(dialer) }
        }
        for address in listed {
            let dialer = dialers[address] ?? PeerDialer(address, network: network)
            dialer.isUnlisted = false
            dialers[address] = dialer
            dialer.start()
        }
    }

    func remove(_ dialer: PeerDialer) {
        dialer.stop()
        if dialers[dialer.address] === dialer { dialers[dialer.address] = nil }
    }

    /// Those that wait try again at once.
    func kick() { for dialer in dialers.values { dialer.kick() } }

    func close() {
        isClosed = true
        resolving?.cancel()
        for dialer in dialers.values { dialer.stop() }
    }
}
