// What keys and channels at the server are called.
#if Redis
import Testing
import TransportAPI
import TransportKit

@testable import RedisTransport

@Suite("Redis: names of keys and channels")
struct RedisKeysTests {
    private static let keys128 = [
        Key128(high: 0, low: 0), Key128(high: .max, low: .max), Key128(high: 1, low: 0), Key128(high: 0, low: 1),
        Key128(high: 0x0102_0304_0506_0708, low: 0xFFFE_FDFC_0000_000A),
    ]
    private static let run = "25a64ca2f6980f97fc8322ce333a256d395b1b80"

    @Test("Keys are what the documentation says")
    func spelled() {
        let keys = RedisKeys(prefix: "patchbay", run: nil)
        #expect(keys.cluster == "patchbay:cluster")
        #expect(keys.session(Self.keys128[4]) == "patchbay:session:0102030405060708fffefdfc0000000a")
        #expect(keys.log(Self.keys128[0]) == "patchbay:log:00000000000000000000000000000000")
    }

    @Test("All keys begin with the prefix, and with the run where the server may forget")
    func prefixes() {
        for (keys, start) in [
            (RedisKeys(prefix: "p-1_A", run: nil), "p-1_A:"),
            (RedisKeys(prefix: "p", run: Self.run), "p:25a64ca2f6980f97:"),
        ] {
            let names = [keys.cluster] + Self.keys128.flatMap { [keys.session($0), keys.log($0)] }
            #expect(names.allSatisfy { $0.hasPrefix(start) && !$0.contains(where: { "*?[]{} \r\n".contains($0) }) })
            #expect(Set(names).count == names.count)
        }
    }

    @Test("Clusters with other prefixes, and other runs of a server, share no key")
    func disjoint() {
        let all = [
            RedisKeys(prefix: "a", run: nil), RedisKeys(prefix: "b", run: nil), RedisKeys(prefix: "a", run: Self.run),
            RedisKeys(prefix: "a", run: String(Self.run.reversed())), RedisKeys(prefix: "cluster", run: nil),
            RedisKeys(prefix: "session", run: nil),
        ]
        let names = all.flatMap { keys in
            [keys.cluster] + Self.keys128.flatMap { [keys.session($0), keys.log($0)] }
        }
        #expect(Set(names).count == names.count)
    }

    @Test("A run id of any kind stays what it is, cut short")
    func runs() {
        #expect(RedisKeys(prefix: "p", run: "").cluster == "p::cluster")
        #expect(RedisKeys(prefix: "p", run: "abc").cluster == "p:abc:cluster")
    }

    @Test("Channels begin with the prefix too, and no topic or member makes a pattern or another channel")
    func channels() {
        let own = MemberID.unnamed(7)
        let names = PlaceNames(prefix: "patchbay", own: own, separator: ":")
        let subjects: [Subject] = [
            .everyone, .inbox(own), .topic("all"), .topic("a:b"), .topic("*"), .topic("a b\r\n"), .topic("desk"),
            .topic("\u{0}"),
        ]
        let channels = subjects.map(names.name) + [names.desk(of: own)]
        #expect(channels.allSatisfy { $0.hasPrefix("patchbay:") && $0.filter { $0 == ":" }.count <= 2 })
        #expect(channels.allSatisfy { !$0.contains(where: { "*?[] \r\n\0".contains($0) }) })
        #expect(Set(channels).count == channels.count)
        #expect(names.name(.everyone) == "patchbay:all")
    }
}
#endif
