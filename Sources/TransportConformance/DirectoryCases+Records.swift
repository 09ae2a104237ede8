// Directory cases: one record, written and read, by the right and by the wrong expectation.
internal import NIOCore
internal import TransportAPI

extension DirectoryCases {
    private static let first = ByteBuffer(string: "first")
    private static let second = ByteBuffer(string: "second")
    private static let third = ByteBuffer(string: "third")

    static func createdIsRead(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        // A reader index that is not 0 must not let bytes before it through.
        var value = ByteBuffer(bytes: UInt8.min...UInt8.max)
        value.moveReaderIndex(forwardBy: 10)
        let revision = try await directory.made(key, value)
        let read = try expectFound(try await directory.read(key), value, "read after create")
        try expectEqual(read, revision, "revision that was read after create")
    }

    static func othersSeeIt(_ stage: Stage) async throws {
        let key = Key128.random()
        var revision = try await stage.directory(0).made(key, first)
        for (writer, value) in [(0, first), (1, second), (2, third)] {
            if writer > 0 {
                revision = try await stage.directory(writer).update(key, value, from: revision)
                    .revision("update by member \(writer)")
            }
            for reader in 0..<3 {
                let expected = DirectoryRead.found(DirectoryRecord(value: value, revision: revision))
                try await stage.eventually("member \(reader) sees what member \(writer) wrote") {
                    try await stage.directory(reader).read(key) == expected
                }
            }
        }
    }

    static func neverWrittenIsAbsent(_ stage: Stage) async throws {
        for member in 0..<3 {
            let directory = try stage.directory(member)
            try await expectGone(try await directory.read(.random()), directory, "read of a key nobody wrote")
        }
    }

    static func createTwiceIsLost(_ stage: Stage) async throws {
        let key = Key128.random()
        let revision = try await stage.directory(0).made(key, first)
        let stands = DirectoryRecord(value: first, revision: revision)
        for member in 0..<3 {
            let again = try await stage.directory(member).create(key, second, lifetime: .minutes(1))
            try expectEqual(again, .lost(stands), "second create, by member \(member)")
        }
        try expectEqual(try await stage.directory(0).read(key), .found(stands), "read after a second create")
    }

    static func updateReplaces(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        var revision = try await directory.made(key, first)
        for number in 0..<10 {
            let value = ByteBuffer(repeating: UInt8(number), count: number * 100)
            let next = try await directory.update(key, value, from: revision).revision("update \(number)")
            try expect(next > revision, "update \(number): the revision went from \(revision) to \(next)")
            let read = try expectFound(try await directory.read(key), value, "read after update \(number)")
            try expectEqual(read, next, "revision that was read after update \(number)")
            revision = next
        }
    }

    static func staleUpdateIsLost(_ stage: Stage) async throws {
        let key = Key128.random()
        let old = try await stage.directory(0).made(key, first)
        let revision = try await stage.directory(1).update(key, second, from: old).revision("update")
        let stands = DirectoryRecord(value: second, revision: revision)
        for member in 0..<3 {
            let directory = try stage.directory(member)
            try expectEqual(try await directory.update(key, third, from: old), .lost(stands), "update from the past")
            let ahead = try await directory.update(key, third, from: revision &+ 1)
            try expectEqual(ahead, .lost(stands), "update from a revision that never was")
        }
        try expectEqual(try await stage.directory(1).read(key), .found(stands), "read after stale updates")
    }

    static func updateOfNothingIsLost(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        for revision: UInt64 in [0, 1, .max] {
            let update = try await directory.update(key, first, from: revision)
            try expectEqual(update, .lost(nil), "update of nothing from \(revision)")
        }
        try await expectGone(try await directory.read(key), directory, "read after an update of nothing")
    }

    static func deleteRemoves(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        let revision = try await directory.made(key, first)
        _ = try await directory.delete(key, from: revision).revision("delete")
        try await expectGone(try await directory.read(key), directory, "read after delete")
        for member in 1..<3 {
            let other = try stage.directory(member)
            try await stage.eventually("member \(member) sees the delete") {
                if case .found = try await other.read(key) { false } else { true }
            }
        }
        _ = try await stage.directory(1).made(key, second)
    }

    static func staleDeleteIsLost(_ stage: Stage) async throws {
        let key = Key128.random()
        let old = try await stage.directory(0).made(key, first)
        let revision = try await stage.directory(0).update(key, second, from: old).revision("update")
        let stands = DirectoryRecord(value: second, revision: revision)
        for member in 0..<3 {
            let delete = try await stage.directory(member).delete(key, from: old)
            try expectEqual(delete, .lost(stands), "delete from the past, by member \(member)")
        }
        try expectEqual(try await stage.directory(0).read(key), .found(stands), "read after stale deletes")
    }

    static func deleteOfNothingIsLost(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        try expectEqual(try await directory.delete(key, from: 1), .lost(nil), "delete of a key nobody wrote")
        let revision = try await directory.made(key, first)
        _ = try await directory.delete(key, from: revision).revision("delete")
        try expectEqual(try await directory.delete(key, from: revision), .lost(nil), "second delete")
    }

    static func oldRevisionStaysOld(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        let old = try await directory.made(key, first)
        let newer = try await directory.update(key, first, from: old).revision("update")
        _ = try await directory.delete(key, from: newer).revision("delete")
        let revision = try await directory.made(key, second)
        let stands = DirectoryRecord(value: second, revision: revision)
        for past in [old, newer] {
            try expect(past != revision, "the successor of a deleted record has its revision \(past)")
            let update = try await directory.update(key, third, from: past)
            try expectEqual(update, .lost(stands), "update from before the delete")
            let delete = try await directory.delete(key, from: past)
            try expectEqual(delete, .lost(stands), "delete from before the delete")
        }
    }

    static func keysAreApart(_ stage: Stage) async throws {
        let directory = try stage.directory(0)
        let key = Key128.random()
        let keys = [
            key, Key128(high: key.high, low: ~key.low), Key128(high: ~key.high, low: key.low),
            Key128(high: key.low, low: key.high), Key128(high: 0, low: 0), Key128(high: .max, low: .max),
        ]
        for (index, key) in keys.enumerated() { _ = try await directory.made(key, ByteBuffer(integer: index)) }
        for (index, key) in keys.enumerated() {
            try expectFound(try await directory.read(key), ByteBuffer(integer: index), "record \(index)")
        }
    }
}
