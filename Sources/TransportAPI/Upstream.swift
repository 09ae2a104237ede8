// The port through which instances are reached. Its hot functions are callbacks on one event loop, with no promise,
// no lock and no hop: a lane belongs to a loop, and an exchange lives and dies on the loop of its client.
public import NIOCore

/// A way to reach the instances of one upstream.
///
/// Guarantees: an exchange is handed to the instance at most once; a failure says whether the instance may have got it;
/// back-pressure works in both directions; cancelling is told to the instance by closing the exchange's connection.
public protocol Upstream: AnyObject, Sendable {
    /// Makes the part of this transport that lives on `loop`. Call once per loop, on that loop.
    func makeLane(on loop: any EventLoop) -> any UpstreamLane
}

/// One upstream's transport on one event loop. Every call happens on that loop.
public protocol UpstreamLane: AnyObject {
    /// Sends `request` to the instance at `index` of the upstream's list.
    ///
    /// The receiver hears of it only after this call has returned, except that it may fail at once. It is held until
    /// the exchange has ended or failed or was cancelled.
    /// - Returns: the handle, or nil if the exchange failed at once and ``ExchangeReceiver/exchangeFailed(_:)`` was
    ///   called.
    func open(_ request: ExchangeRequest, toInstance index: Int, for receiver: any ExchangeReceiver)
        -> (any ExchangeHandle)?

    /// Closes idle connections past their time. Called about twice a second.
    func tick(now: NIODeadline)

    /// Closes all idle connections; running exchanges go on.
    func close()
}

/// A running exchange, as its opener steers it. The opener drops it when the exchange has ended or failed: a connection
/// is its own handle, and may carry the next exchange at once.
public protocol ExchangeHandle: AnyObject {
    /// Stop reading the answer. What was read already may still be delivered.
    func pause()
    /// Read on.
    func resume()
    /// Give up: the connection is closed, the receiver hears nothing more.
    func cancel()
}

/// Who hears an answer. Exactly one of ``answerEnded()`` and ``exchangeFailed(_:)`` comes last, unless cancelled.
public protocol ExchangeReceiver: AnyObject {
    /// Every byte of the request was handed to the system: the transport keeps nothing of its body. Comes at most once,
    /// only for bodies above ``ExchangeRequest/countedBodyBytes``, before or after the head.
    func requestSent()
    /// The answer's head. Comes once, first of the answer.
    func answerBegan(_ head: AnswerHead)
    /// Bytes of the body, unframed, in order.
    func answerBytes(_ bytes: ByteBuffer)
    /// Nothing more is there for the moment: a good time to flush.
    func answerPaused()
    /// The answer is complete.
    func answerEnded()
    /// The exchange failed, before or after the head.
    func exchangeFailed(_ error: TransportError)
}

extension ExchangeReceiver {
    public func requestSent() {}
}

extension ExchangeRequest {
    /// Bytes of a body from which on it matters who holds it. A transport copies smaller ones behind the head and says
    /// nothing of them; of larger ones it tells by ``ExchangeReceiver/requestSent()`` when it lets go.
    public static let countedBodyBytes = 16 * 1024
}
