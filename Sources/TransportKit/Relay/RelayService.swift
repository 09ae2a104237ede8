// What stands behind a relay's host: somebody who serves requests, and somebody who hears of the caller.
public import TransportAPI

/// Serves what other members ask for.
public protocol RelayService: AnyObject {
    /// The request is whole. Answer through `answer`, within this call or later. It is called at most once for an
    /// exchange, whatever the bus repeats.
    func serve(_ request: RelayRequest, from caller: MemberID, to answer: RelayAnswer)
}

/// Hears what becomes of the caller while an answer is under way.
public protocol RelayObserver: AnyObject {
    /// The caller has left, or must be assumed to have left. The answer is over; nothing more is heard.
    func callerLeft()
    /// The caller takes bytes again, or too many are under way.
    func callerIsWritable(_ isWritable: Bool)
}
