// Which function tries which promise of the bus.

/// The cases of `MessageBus`, in files by chapter.
enum BusCases {}

extension ConformanceCase {
    /// Nil: not a case of the bus.
    var busBody: Body? {
        switch self {
        case .busReachesEverySubscription: BusCases.reachesEverySubscription
        case .busOtherSubjectsStaySilent: BusCases.otherSubjectsStaySilent
        case .busEveryoneReachesEveryMember: BusCases.everyoneReachesEveryMember
        case .busPublisherHearsItself: BusCases.publisherHearsItself
        case .busTwoSubscriptionsBothHear: BusCases.twoSubscriptionsBothHear
        case .busUnheardIsNoError: BusCases.unheardIsNoError
        case .busUnknownAddressee: BusCases.unknownAddressee
        case .busAbsenceIsTold: BusCases.absenceIsTold
        case .busForeignInboxIsRefused: BusCases.foreignInboxIsRefused
        case .busSenderIsAuthentic: BusCases.senderIsAuthentic
        case .busStrangerIsNotHeard: BusCases.strangerIsNotHeard
        case .busOrderOfOnePublisher: BusCases.orderOfOnePublisher
        case .busOrderOfManyThreads: BusCases.orderOfManyThreads
        case .busBytesSurvive: BusCases.bytesSurvive
        case .busMaximumArrives: BusCases.maximumArrives
        case .busTooLargeIsRefused: BusCases.tooLargeIsRefused
        case .busActiveWhenCompleted: BusCases.activeWhenCompleted
        case .busDeliversOnItsLoop: BusCases.deliversOnItsLoop
        case .busNeverWithinPublish: BusCases.neverWithinPublish
        case .busSaysWhenAllIsThere: BusCases.saysWhenAllIsThere
        case .busEndSilences: BusCases.endSilences
        case .busEndLeavesTheNeighbour: BusCases.endLeavesTheNeighbour
        case .busOverflowByEnvelopes: BusCases.overflowByEnvelopes
        case .busOverflowByBytes: BusCases.overflowByBytes
        case .busOneLargeEnvelopeIsLetIn: BusCases.oneLargeEnvelopeIsLetIn
        case .busKeepingUpIsEnough: BusCases.keepingUpIsEnough
        case .busFloodLeavesNoSilentGap: BusCases.floodLeavesNoSilentGap
        case .busBreakIsTold: BusCases.breakIsTold
        case .busCrashLeavesOthersAlone: BusCases.crashLeavesOthersAlone
        case .busSuccessorIsAnother: BusCases.successorIsAnother
        case .busClosedRefuses: BusCases.closedRefuses
        case .busCloseEndsSubscriptions: BusCases.closeEndsSubscriptions
        default: nil
        }
    }
}
