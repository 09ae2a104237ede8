// How a call of directory or log is carried out: at once, or as the fault plan says.
internal import NIOCore
internal import TransportAPI

/// Calls of one port by one member.
struct StoreCall: Sendable {
    let member: MemoryMember
    let backend: MemoryBackend
    /// `directory` or `log`, for texts and for the lane of faults.
    let port: String

    func run<Value: Sendable>(
        _ name: String, on loop: any EventLoop, _ act: @escaping @Sendable () throws(TransportError) -> Value
    ) -> EventLoopFuture<Value> {
        if let refusal = member.refusal(of: "\(port).\(name)") { return loop.makeFailedFuture(refusal) }
        guard backend.disturbance.isActive else { return Self.settled(act, on: loop) }
        switch backend.disturbance.call(by: member.id, at: port) {
        case .pass: return Self.settled(act, on: loop)
        case .unreachable:
            return loop.makeFailedFuture(error(.unreachable, .notDelivered, name))
        case .timedOut(let hasHappened):
            // Nobody hears how it came out.
            if hasHappened { _ = Self.settled(act, on: loop) }
            let failure = error(.timedOut, .unknown, name)
            let time = backend.limits.callTimeout
            return loop.scheduleTask(in: time) { () throws -> Value in throw failure }.futureResult
        case .late(let delay, happensFirst: true):
            let outcome = Self.settled(act, on: loop)
            return loop.flatScheduleTask(in: delay) { outcome }.futureResult
        case .late(let delay, happensFirst: false):
            return loop.flatScheduleTask(in: delay) { Self.settled(act, on: loop) }.futureResult
        }
    }

    private static func settled<Value: Sendable>(
        _ act: () throws(TransportError) -> Value, on loop: any EventLoop
    ) -> EventLoopFuture<Value> {
        do throws(TransportError) {
            return loop.makeSucceededFuture(try act())
        } catch {
            return loop.makeFailedFuture(error)
        }
    }

    private func error(
        _ code: TransportError.Code, _ delivery: TransportError.Delivery, _ name: String
    ) -> TransportError {
        TransportError(code, delivery, "\(port).\(name) by \(member.id) failed as the fault plan says")
    }
}
