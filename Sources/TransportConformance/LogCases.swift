// Which function tries which promise of the log.
internal import NIOCore
internal import TransportAPI

/// The cases of `StreamLog`, in files by chapter.
enum LogCases {
    /// An entry whose event can be told from that of others.
    static func entry(_ number: UInt64, size: Int = 0) -> LogEntry {
        var event = ByteBuffer(integer: number)
        event.writeRepeatingByte(0x2E, count: max(0, size - event.readableBytes))
        return LogEntry(number: number, event: event)
    }

    static func entries(_ numbers: some Sequence<UInt64>) -> [LogEntry] { numbers.map { entry($0) } }

    /// Fails unless the read is a page of exactly these entries.
    static func expectPage(_ read: LogRead, _ expected: [LogEntry], _ what: String) throws {
        switch read {
        case .page(let page):
            try expectEqual(page.map(\.number), expected.map(\.number), what)
            try expect(page == expected, "\(what): the numbers are right, the events are not")
        case .lost(let first):
            throw ConformanceFailure("\(what): expected \(expected.count) entries, saw lost, first \(first ?? 0)")
        }
    }
}

extension ConformanceCase {
    /// Nil: not a case of the log.
    var logBody: Body? {
        switch self {
        case .logReadsWhatWasAppended: LogCases.readsWhatWasAppended
        case .logReadsAfterThePosition: LogCases.readsAfterThePosition
        case .logPagesByLimit: LogCases.pagesByLimit
        case .logLargeNumbersStayExact: LogCases.largeNumbersStayExact
        case .logStaleIsRefused: LogCases.staleIsRefused
        case .logRepeatedIsStale: LogCases.repeatedIsStale
        case .logAppendsAllOrNone: LogCases.appendsAllOrNone
        case .logBeginsAnywhere: LogCases.beginsAnywhere
        case .logHoleIsLost: LogCases.holeIsLost
        case .logStreamsAreApart: LogCases.streamsAreApart
        case .logMaximumFits: LogCases.maximumFits
        case .logTooLargeIsRefused: LogCases.tooLargeIsRefused
        case .logUnknownIsLost: LogCases.unknownIsLost
        case .logRemovedIsLost: LogCases.removedIsLost
        case .logKeepsByCount: LogCases.keepsByCount
        case .logKeepsByBytes: LogCases.keepsByBytes
        case .logExpires: LogCases.expires
        case .logAppendRenews: LogCases.appendRenews
        case .logLossIsTold: LogCases.lossIsTold
        case .logClosedRefuses: LogCases.closedRefuses
        default: nil
        }
    }
}
