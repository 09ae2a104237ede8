// Directory cases: many writers of one record, and sizes.
internal import NIOCore
internal import TransportAPI

extension DirectoryCases {
    /// Of every directory, as the contract says.
    private static let valueBytesLeast = 16 * 1024

    /// Runs `write` so many times at once, spread over the members, and returns the outcomes.
    private static func race(
        _ count: Int, _ stage: Stage, _ write: @escaping @Sendable (DirectoryCaller, Int) async throws -> DirectoryWrite
    ) async throws -> [DirectoryWrite] {
        let callers = try (0..<3).map { try stage.directory($0) }
        return try await withThrowingTaskGroup(of: DirectoryWrite.self) { group in
            for index in 0..<count {
                let caller = callers[index % callers.count]
                group.addTask { try await write(caller, index) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Exactly one write won, and it is what stands there.
    private static func expectOneWinner(_ outcomes: [DirectoryWrite], _ key: Key128, _ stage: Stage) async throws {
        let winners = outcomes.compactMap { if case .written(let revision) = $0 { revision } else { nil } }
        try expectEqual(winners.count, 1, "winners of \(outcomes.count) racing writes")
        for member in 0..<3 {
            try await stage.eventually("member \(member) sees the winner") {
                guard case .found(let record) = try await stage.directory(member).read(key) else { return false }
                return record.revision == winners.first
            }
        }
    }

    static func racingCreates(_ stage: Stage) async throws {
        let key = Key128.random()
        let outcomes = try await race(100, stage) { directory, index in
            try await directory.create(key, ByteBuffer(integer: index))
        }
        try await expectOneWinner(outcomes, key, stage)
    }

    static func racingUpdates(_ stage: Stage) async throws {
        let key = Key128.random()
        let revision = try await stage.directory(0).made(key, ByteBuffer(integer: -1))
        let outcomes = try await race(50, stage) { directory, index in
            try await directory.update(key, ByteBuffer(integer: index), from: revision)
        }
        try await expectOneWinner(outcomes, key, stage)
    }

    static func countsRight(_ stage: Stage) async throws {
        let steps = 15
        let key = Key128.random()
        let begin = try await stage.directory(0).made(key, ByteBuffer(integer: 0))
        let callers = try (0..<3).map { try stage.directory($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in callers {
                group.addTask {
                    var stands = DirectoryRecord(value: ByteBuffer(integer: 0), revision: begin)
                    for _ in 0..<steps { stands = try await addOne(caller, key, stands) }
                }
            }
            try await group.waitForAll()
        }
        // A read may lag; losing against the record shows what stands there.
        guard case .lost(let record) = try await callers[0].create(key, ByteBuffer()) else {
            throw ConformanceFailure("the counter is gone")
        }
        try expectEqual(record?.value, ByteBuffer(integer: 3 * steps), "counter after \(3 * steps) steps")
    }

    /// Adds one to the number in a record. Who loses goes on from what it is shown.
    private static func addOne(
        _ caller: DirectoryCaller, _ key: Key128, _ seen: DirectoryRecord
    ) async throws -> DirectoryRecord {
        var seen = seen
        for _ in 0..<1_000 {
            let value = ByteBuffer(integer: (seen.value.getInteger(at: seen.value.readerIndex, as: Int.self) ?? 0) + 1)
            switch try await caller.update(key, value, from: seen.revision) {
            case .written(let revision): return DirectoryRecord(value: value, revision: revision)
            case .lost(let record): seen = try require(record, "the counter vanished")
            }
        }
        throw ConformanceFailure("lost a thousand races in a row")
    }

    static func maximumFits(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let most = directory.directory.valueBytesMax
        try expect(most >= valueBytesLeast, "valueBytesMax is \(most), below 16 KiB")
        for size in [0, 1, most] {
            let key = Key128.random()
            let value = ByteBuffer(repeating: 0x76, count: size)
            let revision = try await directory.made(key, value)
            try expectFound(try await directory.read(key), value, "a created value of \(size) bytes")
            _ = try await directory.update(key, value, from: revision).revision("update with \(size) bytes")
            try expectFound(try await directory.read(key), value, "an updated value of \(size) bytes")
        }
    }

    static func tooLargeIsRefused(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        let value = ByteBuffer(repeating: 0x76, count: directory.directory.valueBytesMax + 1)
        try await expectError([.tooLarge], "create") { _ = try await directory.create(key, value) }
        try await expectGone(try await directory.read(key), directory, "read after a refused create")
        let small = ByteBuffer(string: "small")
        let revision = try await directory.made(key, small)
        try await expectError([.tooLarge], "update") { _ = try await directory.update(key, value, from: revision) }
        let read = try expectFound(try await directory.read(key), small, "read after a refused update")
        try expectEqual(read, revision, "revision after a refused update")
    }
}
