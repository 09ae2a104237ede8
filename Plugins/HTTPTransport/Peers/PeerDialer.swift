// Keeps one link to one address: dials, and dials again with growing pauses while the process runs. Belongs to the
// cluster's loop.
internal import NIOCore
internal import NIOPosix

final class PeerDialer {
    private enum State {
        case idle
        case connecting
        case linked(PeerLink)
        case waiting(Scheduled<Void>)
        case stopped
    }

    let address: PeerAddress
    private let network: PeerNetwork
    private var state = State.idle
    private var backoff: Backoff
    private var linkedAt: NIODeadline?
    /// A wait that ends before its time when the network changes.
    private var isKickable = true
    /// The last outcome was a failure that was logged.
    private var isKnownBad = false
    /// Its first attempt has ended, well or badly.
    private(set) var isTried = false
    /// Its address was taken out of the list: it goes when its link does.
    var isUnlisted = false

    init(_ address: PeerAddress, network: PeerNetwork) {
        self.address = address
        self.network = network
        backoff = Backoff(first: network.options.redialFirst, most: network.options.redialMax)
    }

    var isLinked: Bool { if case .linked(let link) = state { link.isOpen } else { false } }

    func start() { if case .idle = state { attempt() } }

    /// Something changed: the peer may be there, or may be wanted.
    func kick() {
        guard isKickable, case .waiting(let task) = state else { return }
        task.cancel()
        attempt()
    }

    func stop() {
        if case .waiting(let task) = state { task.cancel() }
        state = .stopped
    }

    private func attempt() {
        state = .connecting
        PeerResolver.resolve(address.host, port: address.port, on: network.loop).assumeIsolated().whenComplete {
            switch $0 {
            case .success(let addresses): self.connect(addresses[...])
            case .failure(let error): self.failed(error as? LinkEnd ?? .broken("\(error)"))
            }
        }
    }

    /// One after the other, until one answers.
    private func connect(_ addresses: ArraySlice<SocketAddress>) {
        guard case .connecting = state else { return }
        guard let address = addresses.first else { return failed(.broken("the name has no address")) }
        let link = network.dial(self.address)
        link.dialer = self
        let isLast = addresses.count == 1
        let bootstrap = ClientBootstrap(group: network.loop)
            .connectTimeout(network.options.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(link) }
            }
        bootstrap.connect(to: address).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let channel):
                if link.isEnded || self.isStopped { return channel.close(promise: nil) }
                if case .connecting = self.state { self.state = .linked(link) }
            case .failure(let error):
                if !isLast { link.dialer = nil }
                link.end(.broken("no connection: \(error)"))
                if !isLast { self.connect(addresses.dropFirst()) }
            }
        }
    }

    private var isStopped: Bool { if case .stopped = state { true } else { false } }

    /// The link carries frames in both directions.
    func opened() {
        linkedAt = .now()
        isKnownBad = false
        isTried = true
    }

    func ended(_ link: PeerLink, _ reason: LinkEnd, wasOpen: Bool) {
        link.dialer = nil
        switch state {
        case .idle, .waiting, .stopped: return
        case .connecting, .linked: failed(reason, wasOpen: wasOpen)
        }
    }

    private func failed(_ reason: LinkEnd, wasOpen: Bool = false) {
        guard !isStopped else { return }
        isTried = true
        defer {
            isKnownBad = !reason.isQuiet
            network.settle()
        }
        if !wasOpen { network.log.unreachable(address, reason, isNews: !isKnownBad) }
        if isUnlisted { return network.roster.remove(self) }
        if let linkedAt, .now() - linkedAt > network.options.redialMax { backoff.reset() }
        linkedAt = nil
        isKickable = reason != .itself
        let pause =
            reason == .itself || reason == .duplicate
            ? network.options.recheckEvery : backoff.next(random: .random(in: .min ... .max))
        state = .waiting(
            network.loop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.attempt() })
    }
}
