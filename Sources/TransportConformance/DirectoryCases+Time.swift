// Directory cases: records that expire, data that is lost, members that are gone.
internal import NIOCore
internal import TransportAPI

extension DirectoryCases {
    private static let first = ByteBuffer(string: "first")
    private static let second = ByteBuffer(string: "second")
    /// How late a record may be gone, as the contract says.
    private static let lateness = TimeAmount.seconds(1)

    static func expires(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        let lifetime = stage.shortLifetime
        let begin = NIODeadline.now()
        _ = try await directory.made(key, first, lifetime: lifetime)
        let most = TimeAmount.nanoseconds(lifetime.nanoseconds / 8 * 7)
        try await stage.pass(most)
        let read = try await directory.read(key)
        if stage.isWithin(lifetime, since: begin) { try expectFound(read, first, "read before its time") }
        try await stage.pass(lifetime - most + lateness)
        for member in 0..<3 {
            let other = try stage.directory(member)
            try await expectGone(try await other.read(key), other, "read a second after its time")
        }
    }

    static func updateRenews(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        let lifetime = stage.shortLifetime
        let made = NIODeadline.now()
        let revision = try await directory.made(key, first, lifetime: lifetime)
        let begin = NIODeadline.now()
        let update = try await directory.update(key, second, from: revision, lifetime: lifetime * 3)
        // On a machine that slow the first time was over before the update came.
        guard stage.isWithin(lifetime, since: made) else { return }
        _ = try update.revision("update")
        // Past the first time and its lateness, and before the second one.
        try await stage.pass(lifetime + lateness)
        let read = try await directory.read(key)
        if stage.isWithin(lifetime * 3, since: begin) { try expectFound(read, second, "read of a renewed record") }
        try await stage.pass(lifetime * 2)
        try await expectGone(try await directory.read(key), directory, "read after the renewed time")
    }

    static func expiredGivesWay(_ stage: Stage) async throws {
        let key = Key128.random()
        let lifetime = stage.shortLifetime
        let old = try await stage.directory(0).made(key, first, lifetime: lifetime)
        try await stage.pass(lifetime + lateness)
        let other = try stage.directory(1)
        try expectEqual(try await other.update(key, second, from: old), .lost(nil), "update of an expired record")
        let revision = try await other.made(key, second)
        let stands = DirectoryRecord(value: second, revision: revision)
        try expect(revision != old, "the successor of an expired record has its revision")
        let update = try await stage.directory(0).update(key, first, from: old)
        try expectEqual(update, .lost(stands), "update from before the expiry")
    }

    static func incarnationHolds(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let before = try await directory.incarnation()
        var keys: [Key128] = []
        for _ in 0..<50 {
            let key = Key128.random()
            keys.append(key)
            _ = try await directory.made(key, first)
        }
        try expectEqual(try await directory.incarnation(), before, "incarnation while nothing was lost")
        for key in keys { try expectFound(try await directory.read(key), first, "a record under that incarnation") }
    }

    static func lossChangesIncarnation(_ stage: Stage) async throws {
        let loseData = try require(stage.cluster.loseData, "the subject cannot lose its data")
        let directory = try stage.directory(0)
        let key = Key128.random()
        let before = try await directory.incarnation()
        let old = try await directory.made(key, first)
        try await loseData()
        try await stage.eventually("another incarnation, or none") {
            let incarnation = try? await directory.incarnation()
            return incarnation == .some(nil) || incarnation != nil && incarnation != before
        }
        try await expectGone(try await directory.read(key), directory, "read after the loss")
        // What was known before fits nothing that stands there afterwards.
        let revision = try await directory.made(key, second)
        if revision != old {
            let update = try await directory.update(key, first, from: old)
            try expectEqual(
                update, .lost(DirectoryRecord(value: second, revision: revision)), "update from before the loss")
        }
    }

    static func crashEndsInTime(_ stage: Stage) async throws {
        let crash = try require(stage.cluster.crash, "the subject cannot crash a member")
        let key = Key128.random()
        _ = try await stage.directory(2).made(key, first)
        try await crash(2)
        let allowed: Set<TransportError.Code> = [.timedOut, .interrupted, .unreachable]
        for member in 0..<2 {
            let directory = try stage.directory(member)
            // The time is watched by the caller. Errors are allowed, as long as they are of the contract's kinds.
            for _ in 0..<5 {
                do {
                    _ = try await directory.read(key)
                    _ = try await directory.create(.random(), second)
                } catch let error as TransportError {
                    try expect(allowed.contains(error.code), "a call after a crash failed as \(error)")
                }
            }
        }
        let directory = try stage.directory(0)
        try await stage.eventually("the survivors can write again") {
            do {
                return try await directory.create(.random(), second).isWritten
            } catch is TransportError {
                return false
            }
        }
    }

    static func closedRefuses(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        let revision = try await directory.made(key, first)
        try await stage.close(0)
        let calls: [(String, () async throws -> Void)] = [
            ("incarnation", { _ = try await directory.incarnation() }),
            ("read", { _ = try await directory.read(key) }),
            ("create", { _ = try await directory.create(.random(), first) }),
            ("update", { _ = try await directory.update(key, second, from: revision) }),
            ("delete", { _ = try await directory.delete(key, from: revision) }),
        ]
        for (name, call) in calls { try await expectError([.closed], name, call) }
    }
}

extension DirectoryWrite {
    fileprivate var isWritten: Bool { if case .written = self { true } else { false } }
}
