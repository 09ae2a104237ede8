// What the seed makes of a run before it begins: how many of what, which faults, which bounds.

import GatewayCore
import MemoryTransport
import NIOCore

struct Scenario {
    var workers = 1
    var clients = 2
    /// For each instance: it gives its events ids and can be asked for the rest.
    var keepsEvents: [Bool] = [false, false]
    var plan: FaultPlan?
    var breaksStreams = false
    var crashesInstances = false
    var crashesNodes = false
    var partitions = false
    var cutsStore = false
    var interrupts = false
    var clientsLeave = false
    var clientsStall = false
    /// Some clients answer a question twice.
    var answersTwice = false
    /// Instances say what they should not, and sometimes nothing else.
    var hostileInstances = false
    /// Some clients use what they have seen of others' sessions. Instances are shown who is asking, and only they know
    /// whose a session is.
    var hostileClients = false
    var hasTightBounds = false
    var idlesAtEnd = false
    var length = TimeAmount.seconds(10)

    /// Nothing goes wrong, and clients stay.
    static func calm(_ random: inout Generator) -> Scenario {
        var scenario = Scenario()
        scenario.workers = random.within(1...2)
        scenario.clients = random.within(1...4)
        scenario.keepsEvents = [random.chance(50), random.chance(50)]
        return scenario
    }

    static func drawn(_ random: inout Generator) -> Scenario {
        var scenario = calm(&random)
        switch random.below(5) {
        case 0: break
        case 1, 2: scenario.plan = .withinContract(seed: random.next())
        default: scenario.plan = .beyondContract(seed: random.next())
        }
        if random.chance(30) { scenario.plan?.noticedLosses = 0.05 }
        scenario.breaksStreams = random.chance(40)
        scenario.crashesInstances = random.chance(25)
        scenario.crashesNodes = random.chance(35)
        scenario.partitions = random.chance(30)
        scenario.cutsStore = random.chance(25)
        scenario.interrupts = random.chance(30)
        scenario.clientsLeave = random.chance(80)
        scenario.clientsStall = random.chance(25)
        scenario.answersTwice = random.chance(25)
        scenario.hasTightBounds = random.chance(30)
        scenario.idlesAtEnd = random.chance(10)
        // Drawn apart, so that the other runs do not depend on it.
        var copy = random
        var apart = Generator(seed: copy.next() ^ 0x0057_1E_57_0A_1165)
        let share = (instances: apart.chance(25), clients: apart.chance(25))
        scenario.makeHostile(instances: share.instances, clients: share.clients)
        return scenario
    }

    /// Nothing breaks, but nobody can be trusted.
    static func hostile(_ random: inout Generator) -> Scenario {
        var scenario = calm(&random)
        scenario.clientsLeave = random.chance(50)
        scenario.answersTwice = random.chance(25)
        scenario.hasTightBounds = random.chance(30)
        scenario.idlesAtEnd = random.chance(10)
        scenario.makeHostile(instances: true, clients: true)
        return scenario
    }

    mutating func makeHostile(instances: Bool, clients: Bool) {
        hostileInstances = instances
        hostileClients = clients
        // A stranger needs somebody else.
        if clients { self.clients = max(2, self.clients) }
    }

    /// Nothing between clients, nodes and instances is lost or broken.
    var isReliable: Bool { !losesNotes && !breaksStreams && !crashesInstances && !cutsStore }

    /// What one node tells all others may not come.
    var losesNotes: Bool { plan != nil || crashesNodes || partitions || interrupts }

    /// How long the end of a session may take to be known wherever it counts.
    var endTakes: TimeAmount {
        plan == nil && !breaksStreams && !losesNotes && !cutsStore ? .nanoseconds(0) : .seconds(8)
    }

    var limits: Limits {
        var limits = Limits()
        limits.questionsPerSession = 3
        limits.callsPerSession = 6
        guard hasTightBounds else { return limits }
        limits.replayEvents = 4
        limits.replayBytes = 2_048
        limits.replayTotalBytes = 8_192
        limits.cachedTokens = 4
        limits.detachedExchanges = 3
        guard hostileInstances || hostileClients else { return limits }
        limits.heldTotalBytes = 2 * Payload.largeBytes
        limits.requestBytes = 4 * Payload.largeBytes
        limits.questions = 8
        limits.ownMessages = 32
        limits.ownMessagesAtOnce = 4
        return limits
    }

    var waits: Waits {
        var waits = Waits()
        waits.sessionIdle = .seconds(60)
        waits.comment = .seconds(5)
        waits.detachedStream = .seconds(6)
        waits.question = .seconds(4)
        waits.slowClient = .seconds(3)
        return waits
    }

    var options: UpstreamGroup.Options {
        var options = UpstreamGroup.Options()
        options.answerTimeoutMilliseconds = 6_000
        options.idleTimeoutMilliseconds = 20_000
        options.forwardsAuthorization = hostileClients
        return options
    }

    var text: String {
        var names: [String] = []
        if plan != nil { names.append(plan.map { $0.duplicates > 0 ? "beyond" : "within" } ?? "") }
        for (isOn, name) in [
            (breaksStreams, "breaks"), (crashesInstances, "instances"), (crashesNodes, "nodes"),
            (partitions, "partitions"), (cutsStore, "store"), (interrupts, "interrupts"), (clientsLeave, "leaving"),
            (clientsStall, "stalls"), (answersTwice, "twice"), (hasTightBounds, "tight"), (idlesAtEnd, "idle"),
            (hostileInstances, "hostile-instances"), (hostileClients, "hostile-clients"),
        ] where isOn {
            names.append(name)
        }
        return "\(workers) workers, \(clients) clients, events kept \(keepsEvents): \(names.joined(separator: " "))"
    }
}
