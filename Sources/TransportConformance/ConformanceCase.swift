// All promises of the contract, one case each. The raw value is the sentence that is tested; what is done stands in
// `BusCases`, `DirectoryCases` and `LogCases`.

/// One promise of the contract.
public enum ConformanceCase: String, CaseIterable, Sendable {
    // MARK: Bus: who hears what

    case busReachesEverySubscription = "An envelope reaches each subscription to its subject, on every member, once"
    case busOtherSubjectsStaySilent = "An envelope reaches nobody who did not subscribe to its subject"
    case busEveryoneReachesEveryMember = "What goes to everyone reaches every member"
    case busPublisherHearsItself = "A publisher hears its own messages like everyone else"
    case busTwoSubscriptionsBothHear = "Two subscriptions of one member to one subject both get everything"
    case busUnheardIsNoError = "A message that nobody has subscribed to is dropped without an error"
    case busUnknownAddressee = "A message to a member that does not exist is dropped or refused as unreachable"
    case busAbsenceIsTold = "Who publishes to a member that is not there is told so, at once or soon"
    case busForeignInboxIsRefused = "Nobody may hear an inbox that is not its own"
    case busSenderIsAuthentic = "A receiver is told who really sent"
    case busStrangerIsNotHeard = "Who does not hold the secret of the cluster is not heard, whatever it calls itself"

    // MARK: Bus: order and bytes

    case busOrderOfOnePublisher = "Envelopes of one publisher to one subject arrive in order, without a hole"
    case busOrderOfManyThreads = "Publishing from several threads at once keeps the order of each of them"
    case busBytesSurvive = "Header and body arrive byte for byte, empty ones too"
    case busMaximumArrives = "An envelope of the greatest size, at least 256 KiB, arrives"
    case busTooLargeIsRefused = "An envelope of one byte too many is refused before anything is sent"

    // MARK: Bus: when and where

    case busActiveWhenCompleted = "What is published after a subscription has completed arrives"
    case busDeliversOnItsLoop = "A subscription completes and delivers on its loop"
    case busNeverWithinPublish = "Nothing is delivered within the call that publishes"
    case busSaysWhenAllIsThere = "After what was there has been handed over the receiver is told so"
    case busEndSilences = "Once a subscription was ended its receiver hears nothing more, and is let go"
    case busEndLeavesTheNeighbour = "Ending one subscription leaves the others to the same subject alone"

    // MARK: Bus: bounds

    case busOverflowByEnvelopes = "Who leaves too many envelopes waiting is ended as overflowed, and only that one"
    case busOverflowByBytes = "Who leaves too many bytes waiting is ended as overflowed, and only that one"
    case busOneLargeEnvelopeIsLetIn = "One envelope is let in whatever its size"
    case busKeepingUpIsEnough = "Who keeps up never overflows, however much comes in all"
    case busFloodLeavesNoSilentGap = "Of a flood everything that was accepted arrives, or the subscriber is told"

    // MARK: Bus: failure

    case busBreakIsTold = "When connections break the subscribers are told, and can hear again"
    case busCrashLeavesOthersAlone = "When a member crashes the others go on hearing each other"
    case busSuccessorIsAnother = "A successor does not get what is sent to the member that crashed"
    case busClosedRefuses = "After the transport was closed publishing and subscribing are refused as closed"
    case busCloseEndsSubscriptions = "Closing ends the subscriptions as closed, and nothing is delivered after it"

    // MARK: Directory: records

    case directoryCreatedIsRead = "A record that was created is read byte for byte, at once by its writer"
    case directoryOthersSeeIt = "A write is seen by another member soon"
    case directoryNeverWrittenIsAbsent = "What was never written is absent, or unknown if the directory cannot tell"
    case directoryCreateTwiceIsLost = "A second create loses, changes nothing and is shown what stands there"
    case directoryUpdateReplaces = "An update from the right revision replaces the value, and the revision grows"
    case directoryStaleUpdateIsLost = "An update from a stale revision loses, changes nothing and is shown the record"
    case directoryUpdateOfNothingIsLost = "An update of a record that is not there loses against nothing"
    case directoryDeleteRemoves = "A delete from the right revision removes the record"
    case directoryStaleDeleteIsLost = "A delete from a stale revision loses and changes nothing"
    case directoryDeleteOfNothingIsLost = "A delete of a record that is not there loses against nothing"
    case directoryOldRevisionStaysOld = "A revision of a deleted record never fits the record that follows it"
    case directoryKeysAreApart = "Records whose keys differ in one half only are different records"

    // MARK: Directory: races and bounds

    case directoryRacingCreates = "Of a hundred racing creates exactly one wins"
    case directoryRacingUpdates = "Of racing updates from one revision exactly one wins"
    case directoryCountsRight = "Members that count in one record by compare-and-set lose no step"
    case directoryMaximumFits = "A value of the greatest size, at least 16 KiB, and an empty one are kept"
    case directoryTooLargeIsRefused = "A value of one byte too many is refused and nothing is written"

    // MARK: Directory: time and loss

    case directoryExpires = "A record is there until its time, and gone at most a second after it"
    case directoryUpdateRenews = "An update begins the time of a record anew"
    case directoryExpiredGivesWay = "After its time a record loses to a create, and its old revision fits nothing"
    case directoryIncarnationHolds = "Between two equal incarnations nothing that was written is gone"
    case directoryLossChangesIncarnation = "When data is lost the incarnation changes"
    case directoryCrashEndsInTime = "When a member crashes the calls of the others still end within the timeout"
    case directoryClosedRefuses = "After the transport was closed each call of the directory is refused as closed"

    // MARK: Log: entries

    case logReadsWhatWasAppended = "A page is exactly what was appended, in order, at every member"
    case logReadsAfterThePosition = "A read after a position gives exactly the rest, also between two numbers"
    case logPagesByLimit = "Pages of a limited size put together are the whole, and an empty page is the end"
    case logLargeNumbersStayExact = "Numbers far beyond 2 to the power of 53 stay exact"
    case logStaleIsRefused = "An append whose number did not grow writes nothing and is told the top"
    case logRepeatedIsStale = "Appending the same entries again is stale, and they stand there once"
    case logAppendsAllOrNone = "Of entries of which one is stale or too large none is written"
    case logBeginsAnywhere = "A log that begins late has lost nothing for who stands right before it, and all before"
    case logHoleIsLost = "Who stands before a hole between two appends has lost something and is told so"
    case logStreamsAreApart = "Streams whose keys differ in one half only are different streams"
    case logMaximumFits = "An event of the greatest size, at least 256 KiB, and an empty one are kept"
    case logTooLargeIsRefused = "An event of one byte too many is refused"

    // MARK: Log: retention and loss

    case logUnknownIsLost = "A stream that never was is lost, not empty"
    case logRemovedIsLost = "A stream that was removed is lost, and may begin again"
    case logKeepsByCount = "Beyond the number of entries that are kept the oldest go, and who missed them is told"
    case logKeepsByBytes = "Beyond the bytes that are kept the oldest entries go, and who missed them is told"
    case logExpires = "A stream is there until its time, and gone at most a second after it"
    case logAppendRenews = "An append begins the time of a stream anew"
    case logLossIsTold = "When data was lost readers are told so"
    case logClosedRefuses = "After the transport was closed each call of the log is refused as closed"

    /// One sentence: what is promised.
    public var title: String { rawValue }

    /// Whose promise it is.
    public var port: Port {
        if busBody != nil { return .bus }
        return directoryBody != nil ? .directory : .log
    }

    /// What is done to find out.
    typealias Body = @Sendable (Stage) async throws -> Void

    /// Nil cannot happen, for the port is found by the body; the suite would fail then.
    var body: Body? { busBody ?? directoryBody ?? logBody }
}
