// Making a stream that other members may be making at the same time, as all do that start together on an empty server.
#if NATS
internal import CNATS
internal import NIOCore

extension JetStream {
    private static let settleAttempts = 8
    /// The longest pause before an attempt, in milliseconds.
    private static let settlePauseMax: Int64 = 250

    /// Makes a stream if it is not there.
    ///
    /// A server counts the room of a stream for each of those who make it at once, and refuses some for want of room
    /// that there is (2.9). So each waits for a moment of its own and looks again, and who is refused looks once more.
    /// - Returns: whether it was made now.
    @discardableResult
    func settle(_ plan: StreamPlan, by deadline: NIODeadline) throws(JetStreamFailure) -> Bool {
        var attempt = 1
        while true {
            if try stream(plan.name, by: deadline) != nil { return false }
            nats_Sleep(Int64.random(in: 0...Self.settlePauseMax))
            if try stream(plan.name, by: deadline) != nil { return false }
            do throws(JetStreamFailure) {
                return try make(plan, by: deadline)
            } catch {
                guard error.isForWantOfRoom, attempt < Self.settleAttempts, NIODeadline.now() < deadline else {
                    throw error
                }
                attempt += 1
            }
        }
    }
}
#endif
