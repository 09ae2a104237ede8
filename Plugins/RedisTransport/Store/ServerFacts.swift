// What a server says of itself (INFO), and what follows from it: whether it can be used at all, and whether what it has
// acknowledged may be gone later. Pure.

struct ServerFacts: Equatable {
    /// The oldest version that has all that is used here.
    static let oldest = (major: 6, minor: 2)

    /// `VERSION` of Redis that it speaks like.
    var version = ""
    /// Another one for each start of the server.
    var runID = ""
    var role = ""
    /// Replicas that get what is published, without being counted.
    var replicas: Int?
    var isCluster = false
    var appendsOnly = false
    /// It is still reading its files, and says meanwhile that it does not append to them.
    var isLoading = false
    /// 0: no bound.
    var memoryMax: UInt64 = 0
    var memoryPolicy = ""

    /// - Parameter text: the answer to INFO, lines of `name:value`.
    init(_ text: String) {
        for line in text.utf8.split(whereSeparator: { $0 == 10 || $0 == 13 }) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let value = String(decoding: line[line.index(after: colon)...], as: UTF8.self)
            switch String(decoding: line[..<colon], as: UTF8.self) {
            case "redis_version": version = value
            case "run_id": runID = value
            case "role": role = value
            case "connected_slaves": replicas = Int(value)
            case "cluster_enabled": isCluster = value == "1"
            case "aof_enabled": appendsOnly = value == "1"
            case "loading": isLoading = value != "0"
            case "maxmemory": memoryMax = UInt64(value) ?? 0
            case "maxmemory_policy": memoryPolicy = value
            default: break
            }
        }
    }

    /// A restart may lose what was acknowledged.
    var forgetsAtRestart: Bool { !appendsOnly }

    /// Single keys of ours may vanish. All of them expire, so the policies for such keys count too.
    var evicts: Bool { memoryMax > 0 && memoryPolicy != "noeviction" }

    /// Nobody hears what is published but those whom this server counts.
    var countsAllReceivers: Bool { isPrimary && replicas == 0 }

    var isPrimary: Bool { role == "master" }

    /// Why the server cannot be used, with what to do; nil if it can.
    var problem: String? {
        if runID.isEmpty || version.isEmpty { return "it does not say in INFO which version and which run it is" }
        let numbers = version.split(separator: ".").map { Int($0) ?? 0 } + [0, 0]
        if (numbers[0], numbers[1]) < Self.oldest {
            return "it is version \(version), and \(Self.oldest.major).\(Self.oldest.minor) is the oldest that works;"
                + " update it"
        }
        if isLoading { return "it is still loading what it has kept" }
        if isCluster { return "it is a node of a Redis Cluster, which is not supported; use one that has all keys" }
        if !isPrimary { return "it is a replica (role: \(role)); point at its primary" }
        return nil
    }

    /// What it may lose although it has acknowledged it, in words with what to do; nil if nothing.
    var doubt: String? {
        var doubts: [String] = []
        if forgetsAtRestart { doubts.append("appendonly is off, so a restart loses everything; set 'appendonly yes'") }
        if evicts {
            doubts.append(
                "maxmemory-policy is \(memoryPolicy), so sessions and streams may be evicted;"
                    + " set 'maxmemory-policy noeviction'")
        }
        return doubts.isEmpty ? nil : doubts.joined(separator: "; ")
    }
}
