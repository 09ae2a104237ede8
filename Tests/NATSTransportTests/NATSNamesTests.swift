// Names of subjects, hosts of addresses, nkeys: the pure parts of the way to a server.
#if NATS
import NIOCore
import Testing
import TransportAPI

@testable import NATSTransport

@Suite("NATS: names")
struct NATSNamesTests {
    private let own = MemberID.unnamed(.max)
    private var subjects: NATSSubjects { NATSSubjects(prefix: "patchbay", own: own) }

    @Test("Whatever a topic or a member is called, a subject has its own dots only and no wildcard")
    func subjectLetters() {
        let topics = ["a", "a.b", "..", "a_b-c", String(repeating: ".", count: 64), ">", "*", "a b\r\nPUB x 1"]
        for topic in topics {
            let name = subjects.name(.topic(topic))
            #expect(name.hasPrefix("patchbay.topic."))
            #expect(name.filter { $0 == "." }.count == 2)
            #expect(!name.contains { " \r\n*>".contains($0) })
        }
        #expect(Set(topics.map { subjects.name(.topic($0)) }).count == topics.count)
        let other = MemberID.unnamed(1)
        #expect(subjects.name(.inbox(own)) != subjects.name(.inbox(other)))
        #expect(subjects.name(.everyone) == "patchbay.all")
    }

    @Test("The member of whom the server says that nobody hears it is read back, and nothing else")
    func absentee() throws {
        let member = try #require(MemberID(name: "node-1.a_b", incarnation: 0x0102_0304_0506_0708))
        for receipt in [0, 7, UInt64.max] {
            let read = subjects.absentee("\(subjects.absence(of: member)).\(receipt)")
            #expect(read?.member == member)
            #expect(read?.receipt == receipt)
        }
        #expect(subjects.absentee(subjects.absence(of: member)) == nil)
        let long = String(repeating: "A", count: 200)
        for name in ["", "a", "patchbay.gone.x.*", "patchbay.gone.x.AAAAAAAAAAA.1", "p.\(long).1"] {
            #expect(subjects.absentee(name) == nil, "\(name)")
        }
    }

    @Test("The host of an address")
    func hosts() {
        #expect(NATSDial.host(of: "nats://bus:4222") == "bus")
        #expect(NATSDial.host(of: "tls://bus") == "bus")
        #expect(NATSDial.host(of: "tls://[::1]:4222") == "::1")
        #expect(NATSDial.host(of: "tls://10.0.0.1:4222/") == "10.0.0.1")
    }

    /// A pair that stands in the documentation of NATS.
    static let seed = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"
    static let publicKey = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4"

    @Test("The public half of an nkey comes from its seed, and a seed with an error gives none")
    func nkeys() {
        #expect(NATSKey.publicKey(text: Array(Self.seed.utf8)) == Self.publicKey)
        #expect(NATSKey.publicKey(text: Array("# a comment\n\(Self.seed)\r\n".utf8)) == Self.publicKey)
        for index in Self.seed.utf8.indices.dropFirst(2) {
            var text = Self.seed
            text.replaceSubrange(index...index, with: text[index] == "A" ? "B" : "A")
            #expect(NATSKey.publicKey(text: Array(text.utf8)) == nil, "\(text)")
        }
        #expect(NATSKey.publicKey(text: []) == nil)
        #expect(NATSKey.publicKey(text: Array("SU".utf8)) == nil)
    }
}

@Suite("NATS: what was sent")
struct SentPlacesTests {
    private func places(max: Int = 10) -> SentPlaces {
        SentPlaces(subjects: NATSSubjects(prefix: "p", own: .unnamed(1)), placesMax: max)
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("Each place has numbers of its own: 1, 2, 3 and so on, one for each piece")
    func counts() {
        var places = places()
        #expect(places.take(.everyone, pieces: 1, now: start).first == 1)
        #expect(places.take(.everyone, pieces: 3, now: start).first == 2)
        #expect(places.take(.everyone, pieces: 1, now: start).first == 5)
        #expect(places.take(.topic("a"), pieces: 1, now: start).first == 1)
        let last = places.last(at: Array("p.all".utf8), now: start + .seconds(2))
        #expect(last.number == 5)
        #expect(last.age == .seconds(2))
        #expect(places.last(at: Array("p.other".utf8), now: start).number == 0)
    }

    @Test("A place that went quiet is told its last number once, until something is sent again")
    func quiet() {
        var places = places()
        _ = places.take(.everyone, pieces: 2, now: start)
        #expect(places.takeQuiet(now: start + .seconds(1)).isEmpty)
        #expect(places.takeQuiet(now: start + .seconds(2)).map(\.number) == [2])
        #expect(places.takeQuiet(now: start + .seconds(3)).isEmpty)
        _ = places.take(.everyone, pieces: 1, now: start + .seconds(3))
        #expect(places.takeQuiet(now: start + .seconds(5)).map(\.number) == [3])
    }

    @Test("No number comes twice at a place, even when too many places were forgotten")
    func bound() {
        var places = places(max: 2)
        _ = places.take(.topic("a"), pieces: 7, now: start)
        _ = places.take(.topic("b"), pieces: 1, now: start)
        #expect(places.take(.topic("c"), pieces: 1, now: start).first == 8)
        #expect(places.take(.topic("a"), pieces: 1, now: start).first == 8)
    }

    @Test("After a break every place is in doubt that was sent to lately")
    func doubt() {
        var places = places()
        _ = places.take(.topic("a"), pieces: 1, now: start)
        _ = places.take(.topic("b"), pieces: 1, now: start + .seconds(50))
        #expect(places.takeDoubtful().isEmpty)
        places.connectionBroke(now: start + .seconds(55))
        #expect(places.takeDoubtful().count == 2)
        // It is the break that counts, however long it takes until there is a connection again.
        places.connectionBroke(now: start + .seconds(70))
        places.connectionBroke(now: start + .seconds(500))
        _ = places.take(.topic("c"), pieces: 1, now: start + .seconds(600))
        #expect(places.takeDoubtful().map(\.name).count == 2)
        #expect(places.takeDoubtful().isEmpty)
    }
}

#endif
