// The cases of the official clients, against real servers, over each topology: with two nodes the requests of every
// case go to both in turn. The cases themselves are in `clients/`; each is one test of each suite.
import Testing

@Suite(.serialized)
struct OneNodeCaseTests {
    @Test(.timeLimit(.minutes(20)), arguments: CaseID.all(over: .single))
    func passes(_ id: CaseID) async throws { try await CaseRun.over(.single).passes(id) }

    @Test(.timeLimit(.minutes(20)), arguments: CaseBook.allCases)
    func runEndsWell(_ book: CaseBook) async throws { try await CaseRun.over(.single).endsWell(book) }

    @Test(arguments: CaseBook.allCases)
    func noCaseIsMissing(_ book: CaseBook) async throws { #expect(try await CaseRun.names(book) == book.names) }

    @Test func everyChosenCaseExists() {
        let names = CaseName.core.union(CaseName.withoutLog)
        #expect(names.isSubset(of: CaseBook.allCases.flatMap(\.names)))
    }
}

@Suite(.serialized)
struct TwoNodeCaseTests {
    @Test(.timeLimit(.minutes(20)), arguments: CaseID.all(over: .paired))
    func passes(_ id: CaseID) async throws { try await CaseRun.over(.paired).passes(id) }

    @Test(.timeLimit(.minutes(20)), arguments: CaseBook.allCases)
    func runEndsWell(_ book: CaseBook) async throws { try await CaseRun.over(.paired).endsWell(book) }
}

@Suite(.serialized)
struct AttachedCaseTests {
    @Test(.timeLimit(.minutes(20)), arguments: CaseID.all(over: .attached))
    func passes(_ id: CaseID) async throws { try await CaseRun.over(.attached).passes(id) }

    @Test(.timeLimit(.minutes(20)), arguments: CaseBook.allCases)
    func runEndsWell(_ book: CaseBook) async throws { try await CaseRun.over(.attached).endsWell(book) }
}

#if NATS
    @Suite(.serialized)
    struct NATSCaseTests {
        @Test(.timeLimit(.minutes(20)), arguments: CaseID.all(over: .nats))
        func passes(_ id: CaseID) async throws { try await CaseRun.over(.nats).passes(id) }

        @Test(.timeLimit(.minutes(20)), arguments: CaseBook.allCases)
        func runEndsWell(_ book: CaseBook) async throws { try await CaseRun.over(.nats).endsWell(book) }
    }

    @Suite(.serialized)
    struct NATSAttachedCaseTests {
        @Test(.timeLimit(.minutes(20)), arguments: CaseID.all(over: .natsAttached))
        func passes(_ id: CaseID) async throws { try await CaseRun.over(.natsAttached).passes(id) }

        @Test(.timeLimit(.minutes(20)), arguments: CaseBook.allCases)
        func runEndsWell(_ book: CaseBook) async throws { try await CaseRun.over(.natsAttached).endsWell(book) }
    }
#endif

#if Redis
    @Suite(.serialized)
    struct RedisCaseTests {
        @Test(.timeLimit(.minutes(20)), arguments: CaseID.all(over: .redis))
        func passes(_ id: CaseID) async throws { try await CaseRun.over(.redis).passes(id) }

        @Test(.timeLimit(.minutes(20)), arguments: CaseBook.allCases)
        func runEndsWell(_ book: CaseBook) async throws { try await CaseRun.over(.redis).endsWell(book) }
    }

    @Suite(.serialized)
    struct RedisAttachedCaseTests {
        @Test(.timeLimit(.minutes(20)), arguments: CaseID.all(over: .redisAttached))
        func passes(_ id: CaseID) async throws { try await CaseRun.over(.redisAttached).passes(id) }

        @Test(.timeLimit(.minutes(20)), arguments: CaseBook.allCases)
        func runEndsWell(_ book: CaseBook) async throws { try await CaseRun.over(.redisAttached).endsWell(book) }
    }
#endif
