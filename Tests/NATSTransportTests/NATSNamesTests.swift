// Names of subjects, hosts of addresses, nkeys: the pure parts of the way to a server.
#if NATS
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

#endif
