// Which function tries which promise of the directory.
internal import NIOCore
internal import TransportAPI

/// The cases of `SessionDirectory`, in files by chapter.
enum DirectoryCases {
    /// The outcome of a read where nothing may stand: a directory that cannot tell says so.
    static func expectGone(_ read: DirectoryRead, _ directory: DirectoryCaller, _ what: String) async throws {
        let canTell = try await directory.incarnation() != nil
        try expectEqual(read, canTell ? .absent : .unknown, what)
    }

    /// The outcome of a read where a record with this value must stand; returns its revision.
    @discardableResult
    static func expectFound(_ read: DirectoryRead, _ value: ByteBuffer, _ what: String) throws -> UInt64 {
        guard case .found(let record) = read else {
            throw ConformanceFailure("\(what): expected a record, saw \(read)")
        }
        try expect(record.value == value, "\(what): another value than expected stands there")
        return record.revision
    }
}

extension ConformanceCase {
    /// Nil: not a case of the directory.
    var directoryBody: Body? {
        switch self {
        case .directoryCreatedIsRead: DirectoryCases.createdIsRead
        case .directoryOthersSeeIt: DirectoryCases.othersSeeIt
        case .directoryNeverWrittenIsAbsent: DirectoryCases.neverWrittenIsAbsent
        case .directoryCreateTwiceIsLost: DirectoryCases.createTwiceIsLost
        case .directoryUpdateReplaces: DirectoryCases.updateReplaces
        case .directoryStaleUpdateIsLost: DirectoryCases.staleUpdateIsLost
        case .directoryUpdateOfNothingIsLost: DirectoryCases.updateOfNothingIsLost
        case .directoryDeleteRemoves: DirectoryCases.deleteRemoves
        case .directoryStaleDeleteIsLost: DirectoryCases.staleDeleteIsLost
        case .directoryDeleteOfNothingIsLost: DirectoryCases.deleteOfNothingIsLost
        case .directoryOldRevisionStaysOld: DirectoryCases.oldRevisionStaysOld
        case .directoryKeysAreApart: DirectoryCases.keysAreApart
        case .directoryRacingCreates: DirectoryCases.racingCreates
        case .directoryRacingUpdates: DirectoryCases.racingUpdates
        case .directoryCountsRight: DirectoryCases.countsRight
        case .directoryMaximumFits: DirectoryCases.maximumFits
        case .directoryTooLargeIsRefused: DirectoryCases.tooLargeIsRefused
        case .directoryExpires: DirectoryCases.expires
        case .directoryUpdateRenews: DirectoryCases.updateRenews
        case .directoryExpiredGivesWay: DirectoryCases.expiredGivesWay
        case .directoryIncarnationHolds: DirectoryCases.incarnationHolds
        case .directoryLossChangesIncarnation: DirectoryCases.lossChangesIncarnation
        case .directoryCrashEndsInTime: DirectoryCases.crashEndsInTime
        case .directoryClosedRefuses: DirectoryCases.closedRefuses
        default: nil
        }
    }
}
