// Log cases: what is cut off, what expires and what is lost, and that readers are told.
internal import NIOCore
internal import TransportAPI

extension LogCases {
    /// How late a stream may be gone.
    private static let lateness = TimeAmount.seconds(1)

    static func unknownIsLost(_ stage: Stage) async throws {
        for member in 0..<3 {
            for position: UInt64 in [0, 1, .max] {
                let read = try await stage.log(member).read(.random(), after: position)
                try expectEqual(read, .lost(first: nil), "read of an unknown stream after \(position)")
            }
        }
    }

    static func removedIsLost(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        _ = try await log.append(entries(1...5), to: stream, after: 0)
        try await log.remove(stream)
        for position: UInt64 in [0, 5] {
            let read = try await log.read(stream, after: position)
            try expectEqual(read, .lost(first: nil), "read of a removed stream after \(position)")
        }
        // Removing what is not there is no error.
        try await log.remove(stream)
        try expectEqual(try await log.append(entries(3...4), to: stream, after: 0), .appended, "append after removal")
        try expectPage(try await log.read(stream, after: 0), entries(3...4), "read of a stream that began again")
    }

    static func keepsByCount(_ stage: Stage) async throws {
        let kept = try require(stage.cluster.retention, "the subject does not say what its log keeps").entries
        try await keeps(stage, appends: kept / 10 * 2 + 4, of: 10, size: 8)
    }

    static func keepsByBytes(_ stage: Stage) async throws {
        let retention = try require(stage.cluster.retention, "the subject does not say what its log keeps")
        let most = min(try stage.log(0).log.eventBytesMax, 64 * 1024)
        let size = max(16, min(most, retention.bytes / 8))
        try await keeps(stage, appends: retention.bytes / size + 4, of: 2, size: size)
    }

    /// Appends about twice what is kept. What is there at the end is a run without a hole up to the top.
    private static func keeps(_ stage: Stage, appends: Int, of count: UInt64, size: Int) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        var top: UInt64 = 0
        for _ in 0..<appends {
            let batch = (top + 1...top + count).map { entry($0, size: size) }
            try expectEqual(try await log.append(batch, to: stream, after: top), .appended, "append after \(top)")
            top += count
        }
        guard case .lost(let first?) = try await log.read(stream, after: 0) else {
            throw ConformanceFailure("after \(top) entries of \(size) bytes nothing was cut off")
        }
        try expect(first > 1 && first <= top, "the first that is left is \(first) of \(top)")
        let rest = (first...top).map { entry($0, size: size) }
        try expectPage(try await log.read(stream, after: first - 1), rest, "read of what is left")
        try expectPage(try await log.read(stream, after: top), [], "read at the end")
        let missed = try await stage.log(1).read(stream, after: first - 2)
        try expectEqual(missed, .lost(first: first), "read of who missed one entry")
        let again = try await log.append([entry(top)], to: stream, after: top - 1)
        try expectEqual(again, .stale(top: top), "append of the top again")
    }

    static func expires(_ stage: Stage) async throws {
        let stream = Key128.random()
        let lifetime = stage.shortLifetime
        let log = try stage.log(0)
        let begin = NIODeadline.now()
        _ = try await log.append(entries(1...3), to: stream, after: 0, lifetime: lifetime)
        let most = TimeAmount.nanoseconds(lifetime.nanoseconds / 8 * 7)
        try await stage.pass(most)
        let read = try await log.read(stream, after: 0)
        if stage.isWithin(lifetime, since: begin) { try expectPage(read, entries(1...3), "read before its time") }
        try await stage.pass(lifetime - most + lateness)
        for position: UInt64 in [0, 3] {
            let late = try await stage.log(1).read(stream, after: position)
            try expectEqual(late, .lost(first: nil), "read after \(position), a second after its time")
        }
    }

    static func appendRenews(_ stage: Stage) async throws {
        let stream = Key128.random()
        let lifetime = stage.shortLifetime
        let log = try stage.log(0)
        let made = NIODeadline.now()
        _ = try await log.append(entries(1...3), to: stream, after: 0, lifetime: lifetime)
        let begin = NIODeadline.now()
        _ = try await log.append(entries(4...6), to: stream, after: 3, lifetime: lifetime * 3)
        // On a machine that slow the first time was over before the second append came.
        guard stage.isWithin(lifetime, since: made) else { return }
        // Past the first time and its lateness, and before the second one.
        try await stage.pass(lifetime + lateness)
        let read = try await log.read(stream, after: 0)
        guard stage.isWithin(lifetime * 3, since: begin) else { return }
        try expectPage(read, entries(1...6), "read of a renewed stream")
    }

    static func lossIsTold(_ stage: Stage) async throws {
        let loseData = try require(stage.cluster.loseData, "the subject cannot lose its data")
        let stream = Key128.random()
        let log = try stage.log(0)
        _ = try await log.append(entries(1...3), to: stream, after: 0)
        try await loseData()
        try await stage.eventually("the log answers again") { (try? await log.read(.random(), after: 0)) != nil }
        for position: UInt64 in [0, 2, 3] {
            let read = try await log.read(stream, after: position)
            try expectEqual(read, .lost(first: nil), "read after \(position) after the loss")
        }
        // The writer goes on; who was at its end has lost nothing, who was before it has.
        try expectEqual(try await log.append(entries(4...5), to: stream, after: 3), .appended, "append after the loss")
        try expectPage(try await log.read(stream, after: 3), entries(4...5), "read of what came after the loss")
        try expectEqual(try await log.read(stream, after: 2), .lost(first: 4), "read of what was lost")
    }

    static func closedRefuses(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        _ = try await log.append(entries(1...3), to: stream, after: 0)
        try await stage.close(0)
        try await expectError([.closed], "append") { _ = try await log.append(entries(4...5), to: stream, after: 3) }
        try await expectError([.closed], "read") { _ = try await log.read(stream, after: 0) }
        try await expectError([.closed], "remove") { try await log.remove(stream) }
    }
}
