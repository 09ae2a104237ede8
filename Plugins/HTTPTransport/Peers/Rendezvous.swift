// Which nodes keep a record: the first ones in an order that every node computes alike from the key and from who is
// there. When a node comes or goes, only its own records move. Pure.
internal import TransportAPI

enum Rendezvous {
    /// `nodes`, the home of `key` first.
    static func order(_ nodes: [MemberID], for key: Key128) -> [MemberID] {
        guard nodes.count > 1 else { return nodes }
        return nodes.map { (score(key, $0), $0) }
            .sorted { $0.0 == $1.0 ? $0.1.incarnation > $1.1.incarnation : $0.0 > $1.0 }
            .map(\.1)
    }

    /// A number for a set of nodes, whatever their order. Never 0.
    static func view(_ nodes: [MemberID]) -> UInt64 {
        max(1, nodes.reduce(UInt64(nodes.count)) { $0 ^ mix($1.incarnation) })
    }

    private static func score(_ key: Key128, _ node: MemberID) -> UInt64 {
        mix(mix(mix(node.incarnation) ^ key.high) ^ key.low)
    }

    /// The finisher of SplitMix64: each bit of the result depends on each bit of the input.
    private static func mix(_ input: UInt64) -> UInt64 {
        var bits = input &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ bits &>> 30) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ bits &>> 27) &* 0x94D0_49BB_1331_11EB
        return bits ^ bits &>> 31
    }
}
