// The node's sessions: the cap holds under concurrent inserts, expiry follows use, counters follow the table.

import Testing

@testable import GatewayCore

@Suite struct SessionTableTests {
    private let group = Sessions.group(1)
    private var liveOnInstance: Int { group.instances[0].sessions.load(ordering: .relaxed) }

    private func make(_ low: UInt64, now: UInt32 = 1, endsAt: UInt32 = 1_000_000) -> Session {
        Sessions.make(low, on: group, now: now, endsAt: endsAt)
    }

    @Test func refusesWhatIsAboveTheCap() throws {
        let table = SessionTable(sessionsMax: 3)
        for number in 0..<3 { #expect(table.insert(make(UInt64(number))) != nil) }
        #expect(table.isFull)
        #expect(table.insert(make(99)) == nil)
        #expect(table.count == 3)
        table.remove(SessionID(high: 7, low: 1))
        #expect(!table.isFull)
        #expect(table.insert(make(99)) != nil)
    }

    @Test func removesOnce() {
        let table = SessionTable(sessionsMax: 3)
        #expect(table.insert(make(1)) != nil)
        table.remove(SessionID(high: 7, low: 1))
        table.remove(SessionID(high: 7, low: 1))
        table.remove(SessionID(high: 7, low: 2))
        #expect(table.count == 0)
        #expect(table.find(SessionID(high: 7, low: 1)) == nil)
    }

    @Test func givesTheSessionThatCameFirst() {
        let table = SessionTable(sessionsMax: 3)
        let first = make(1)
        do {
            let second = make(1)
            #expect(table.insert(first) === first)
            #expect(table.insert(second) === first)
        }
        #expect(table.count == 1)
        // The session that lost the race is gone, and is counted nowhere.
        #expect(liveOnInstance == 1)
    }

    /// Takes out what is over, as the node does once it is sure.
    private func reap(_ table: SessionTable, now: UInt32, idle: UInt32) -> [Session] {
        let over = table.expired(now: now, idle: idle)
        for session in over {
            session.end()
            table.remove(session.id)
        }
        return over
    }

    @Test func expiresIdleSessionsWithNothingRunning() {
        let table = SessionTable(sessionsMax: 10)
        let (idle, touched, calling, streaming) = (make(1), make(2), make(3), make(4))
        for session in [idle, touched, calling, streaming] { #expect(table.insert(session) != nil) }
        touched.touch(95)
        calling.calls.add(1, ordering: .relaxed)
        streaming.streams.add(1, ordering: .relaxed)
        #expect(reap(table, now: 60, idle: 60).isEmpty)
        let expired = reap(table, now: 101, idle: 60)
        #expect(expired.map { $0.id.low } == [1])
        #expect(table.count == 3)
        calling.calls.subtract(1, ordering: .relaxed)
        #expect(reap(table, now: 102, idle: 60).map { $0.id.low } == [3])
    }

    @Test func expiresWhatIsTooOldWhateverItDoes() {
        let table = SessionTable(sessionsMax: 10)
        let session = make(1, endsAt: 50)
        session.calls.add(1, ordering: .relaxed)
        #expect(table.insert(session) != nil)
        #expect(reap(table, now: 49, idle: 1000).isEmpty)
        #expect(reap(table, now: 50, idle: 1000).count == 1)
    }

    @Test func takesOutWhatHasEnded() {
        let table = SessionTable(sessionsMax: 10)
        let session = make(1)
        #expect(table.insert(session) != nil)
        #expect(session.end())
        #expect(!session.end())
        _ = reap(table, now: 2, idle: 60)
        #expect(table.count == 0)
        #expect(liveOnInstance == 0)
    }

    @Test func remembersTheEndOfARestoredSessionUntilItsTokenExpires() {
        let table = SessionTable(sessionsMax: 1)
        func restored(_ endsAt: UInt32) -> Session {
            Session(
                id: SessionID(high: 7, low: 1), upstream: group, instance: group.instances[0], upstreamSessionID: [1],
                principal: .anonymous, messagePath: nil, now: 1, endsAt: endsAt, isRestored: true)
        }
        #expect(table.insert(restored(100)) != nil)
        table.remove(SessionID(high: 7, low: 1))
        #expect(table.insert(restored(100)) == nil)
        // The mark takes no place of a session.
        #expect(table.count == 0)
        #expect(table.insert(make(2)) != nil)
        table.remove(SessionID(high: 7, low: 2))
        _ = reap(table, now: 99, idle: 1000)
        #expect(table.insert(restored(100)) == nil)
        _ = reap(table, now: 100, idle: 1000)
        #expect(table.insert(restored(200)) != nil)
        // An idle one is marked too.
        #expect(reap(table, now: 150, idle: 10).count == 1)
        #expect(table.insert(restored(200)) == nil)
        #expect(liveOnInstance == 0)
    }

    @Test func countsSessionsOfAnInstanceOnce() {
        do {
            let ended = make(1)
            #expect(liveOnInstance == 1)
            ended.end()
            #expect(liveOnInstance == 0)
            let dropped = make(2)
            #expect(!dropped.hasEnded)
        }
        #expect(liveOnInstance == 0)
    }

    @Test func holdsTheCapUnderConcurrentInserts() async {
        for _ in 0..<20 {
            let table = SessionTable(sessionsMax: 100)
            let entered = await withTaskGroup(of: Int.self) { tasks in
                for task in 0..<4 {
                    tasks.addTask { [group] in
                        (0..<100).count { number in
                            table.insert(Sessions.make(UInt64(task * 1000 + number), on: group)) != nil
                        }
                    }
                }
                return await tasks.reduce(0, +)
            }
            #expect(entered == 100)
            #expect(table.count == 100)
        }
    }

    @Test func agreesOnOneSessionUnderConcurrentInserts() async {
        let table = SessionTable(sessionsMax: 1000)
        let winners = await withTaskGroup(of: [ObjectIdentifier].self) { tasks in
            for _ in 0..<4 {
                tasks.addTask { [group] in
                    (0..<200).compactMap { number in
                        table.insert(Sessions.make(UInt64(number), on: group)).map { ObjectIdentifier($0) }
                    }
                }
            }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        for list in winners { #expect(list == winners[0]) }
        #expect(table.count == 200)
        #expect(liveOnInstance == 200)
    }
}
