// Log cases: what is appended is what is read, from any position, and nothing else.
internal import NIOCore
internal import TransportAPI

extension LogCases {
    /// Of every log, as the contract says.
    private static let eventBytesLeast = 256 * 1024

    static func readsWhatWasAppended(_ stage: Stage) async throws {
        let stream = Key128.random()
        let all = [
            LogEntry(number: 1, event: ByteBuffer(bytes: UInt8.min...UInt8.max)),
            LogEntry(number: 2, event: ByteBuffer(string: "id: 2\ndata: \r\n\n")), entry(3), entry(10), entry(11),
        ]
        let writer = try stage.log(0)
        try expectEqual(try await writer.append(Array(all[..<3]), to: stream, after: 0), .appended, "append to nothing")
        try expectEqual(try await writer.append(Array(all[3...]), to: stream, after: 3), .appended, "append behind it")
        for member in 0..<3 {
            try expectPage(try await stage.log(member).read(stream, after: 0), all, "read at member \(member)")
        }
    }

    static func readsAfterThePosition(_ stage: Stage) async throws {
        let stream = Key128.random()
        let all = entries([2, 3, 7, 20, 21])
        _ = try await stage.log(0).append(all, to: stream, after: 0)
        for position: UInt64 in 0...21 {
            let rest = all.filter { $0.number > position }
            try expectPage(try await stage.log(1).read(stream, after: position), rest, "read after \(position)")
        }
    }

    static func pagesByLimit(_ stage: Stage) async throws {
        let stream = Key128.random()
        let all = entries(1...50)
        for start in stride(from: 0, to: 50, by: 5) {
            let part = Array(all[start..<start + 5])
            try expectEqual(
                try await stage.log(0).append(part, to: stream, after: UInt64(start)), .appended, "append \(start)")
        }
        for limit in [1, 7, 49, 50, 51] {
            var seen: [LogEntry] = []
            var isAtEnd = false
            while !isAtEnd {
                let read = try await stage.log(1).read(stream, after: seen.last?.number ?? 0, limit: limit)
                guard case .page(let page) = read else { throw ConformanceFailure("a page is lost: \(read)") }
                try expectEqual(page.count, min(limit, 50 - seen.count), "entries of a page, limit \(limit)")
                seen += page
                isAtEnd = page.isEmpty
            }
            try expect(seen == all, "pages of \(limit) put together are not the whole")
        }
    }

    static func largeNumbersStayExact(_ stage: Stage) async throws {
        let stream = Key128.random()
        let numbers: [UInt64] = [1 << 53, (1 << 53) + 1, (1 << 53) + 2, UInt64(Int64.max) - 1, UInt64(Int64.max)]
        let log = try stage.log(0)
        for (index, number) in numbers.enumerated() {
            let append = try await log.append([entry(number)], to: stream, after: index == 0 ? 0 : numbers[index - 1])
            try expectEqual(append, .appended, "append of \(number)")
        }
        for (index, number) in numbers.enumerated() {
            let rest = entries(numbers[(index + 1)...])
            try expectPage(try await stage.log(1).read(stream, after: number), rest, "read after \(number)")
        }
        let stale = try await log.append([entry(numbers[4])], to: stream, after: numbers[3])
        try expectEqual(stale, .stale(top: numbers[4]), "append of the top again")
    }

    static func staleIsRefused(_ stage: Stage) async throws {
        let stream = Key128.random()
        let all = entries(5...9)
        let log = try stage.log(0)
        _ = try await log.append(all, to: stream, after: 0)
        for number: UInt64 in [1, 5, 8, 9] {
            let other = LogEntry(number: number, event: ByteBuffer(string: "another"))
            let append = try await log.append([other], to: stream, after: number - 1)
            try expectEqual(append, .stale(top: 9), "append of \(number) behind 9")
        }
        try expectPage(try await log.read(stream, after: 0), all, "read after stale appends")
        try expectEqual(try await log.append([entry(10)], to: stream, after: 9), .appended, "append of the next")
    }

    static func repeatedIsStale(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        _ = try await log.append(entries(1...3), to: stream, after: 0)
        _ = try await log.append(entries(4...6), to: stream, after: 3)
        let again = try await log.append(entries(4...6), to: stream, after: 3)
        try expectEqual(again, .stale(top: 6), "the same append again")
        try expectPage(try await log.read(stream, after: 0), entries(1...6), "read after the same append again")
    }

    static func appendsAllOrNone(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        _ = try await log.append(entries(1...5), to: stream, after: 0)
        let overlapping = try await log.append(entries(4...8), to: stream, after: 3)
        try expectEqual(overlapping, .stale(top: 5), "append of 4 to 8 behind 5")
        let tooLarge = [entry(6), entry(7, size: log.log.eventBytesMax + 1), entry(8)]
        try await expectError([.tooLarge], "append with one event too large") {
            _ = try await log.append(tooLarge, to: stream, after: 5)
        }
        try expectPage(try await log.read(stream, after: 0), entries(1...5), "read after refused appends")
    }

    static func beginsAnywhere(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        try expectEqual(try await log.append(entries(100...102), to: stream, after: 90), .appended, "a late beginning")
        try expectPage(try await log.read(stream, after: 90), entries(100...102), "read right before the beginning")
        for position: UInt64 in [0, 1, 89] {
            try expectEqual(try await log.read(stream, after: position), .lost(first: 100), "read after \(position)")
        }
    }

    static func holeIsLost(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        _ = try await log.append(entries(1...3), to: stream, after: 0)
        // 4 to 6 went to a client and not into the log.
        try expectEqual(try await log.append(entries(7...8), to: stream, after: 6), .appended, "append beyond a hole")
        try expectPage(try await log.read(stream, after: 6), entries(7...8), "read right behind the hole")
        guard case .lost = try await log.read(stream, after: 3) else {
            throw ConformanceFailure("read after 3, where 4 to 6 are missing: expected lost")
        }
        if case .page(let page) = try await log.read(stream, after: 2) {
            try expect(page.allSatisfy { $0.number <= 3 }, "a page goes across a hole")
        }
    }

    static func streamsAreApart(_ stage: Stage) async throws {
        let log = try stage.log(0)
        let key = Key128.random()
        let streams = [
            key, Key128(high: key.high, low: ~key.low), Key128(high: ~key.high, low: key.low),
            Key128(high: key.low, low: key.high),
        ]
        for (index, stream) in streams.enumerated() {
            let first = UInt64(index * 10 + 1)
            _ = try await log.append(entries(first...first + 3), to: stream, after: 0)
        }
        try await log.remove(streams[3])
        for (index, stream) in streams[..<3].enumerated() {
            let first = UInt64(index * 10 + 1)
            try expectPage(try await log.read(stream, after: 0), entries(first...first + 3), "stream \(index)")
        }
    }

    static func maximumFits(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        let most = log.log.eventBytesMax
        try expect(most >= eventBytesLeast, "eventBytesMax is \(most), below 256 KiB")
        let all = [LogEntry(number: 1, event: ByteBuffer()), entry(2, size: most)]
        for entry in all {
            let append = try await log.append([entry], to: stream, after: entry.number - 1)
            try expectEqual(append, .appended, "append of \(entry.event.readableBytes) bytes")
            let read = try await stage.log(1).read(stream, after: entry.number - 1)
            try expectPage(read, [entry], "read of \(entry.event.readableBytes) bytes")
        }
    }

    static func tooLargeIsRefused(_ stage: Stage) async throws {
        let stream = Key128.random()
        let log = try stage.log(0)
        try await expectError([.tooLarge], "append of one byte too many") {
            _ = try await log.append([entry(1, size: log.log.eventBytesMax + 1)], to: stream, after: 0)
        }
        try expectEqual(try await log.read(stream, after: 0), .lost(first: nil), "read after a refused append")
    }
}
