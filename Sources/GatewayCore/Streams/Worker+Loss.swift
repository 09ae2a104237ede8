// A stream whose host is gone, or does not keep it any more: what the log has of it, and a plain word for what nobody
// has.
internal import HTTPWire
internal import MCPWire
internal import NIOCore
internal import Synchronization
internal import TransportAPI

extension Worker {
    /// The log of streams, where the cluster has one.
    var log: (any StreamLog)? { gateway.parts.cluster?.log }

    /// Nobody listens to the stream: from now on the log gets its events.
    func record(_ stream: HostedStream) {
        guard let log else { return }
        if stream.recorder == nil { stream.recorder = StreamRecorder(stream, log, self) }
        stream.recorder?.isActive = true
    }

    /// The events after a client's position are not here. Reads them from the log, or says that they are lost.
    func lost(
        _ id: EventID, _ request: Request, _ session: Session, _ sink: any ResponseSink
    ) throws(Refusal) -> (any ClientObserver)? {
        // The host that would have asked the instance is gone.
        try checkCredentials(of: request, session)
        guard let log else { return try lostForGood(id, request, session, sink) }
        let replay = LogReplay(worker: self, log: log, id: id, request: request, session: session, sink: sink)
        replay.start()
        return replay
    }

    /// A call's client is told that its outcome is unknown; the session's own stream goes on, and its client is told to
    /// read again what may have changed.
    private func lostForGood(
        _ id: EventID, _ request: Request, _ session: Session, _ sink: any ResponseSink
    ) throws(Refusal) -> (any ClientObserver)? {
        metrics.resumesLost &+= 1
        guard id.isCall else { return try continueStream(request, session, sink) }
        beginEvents(request, sink)
        sink.write(Self.outcomeUnknown(id))
        sink.end()
        return nil
    }

    /// The session's own stream for a client that has missed something.
    func continueStream(
        _ request: Request, _ session: Session, _ sink: any ResponseSink
    ) throws(Refusal) -> (any ClientObserver)? {
        if let stream = heldStream(of: session) { return rejoin(stream, request, sink, afterLoss: true) }
        return try startStream(request, session, sink, afterLoss: true)
    }

    /// The session's own stream, if this event loop holds it.
    func heldStream(of session: Session) -> HostedStream? {
        guard let held = StreamName.unpack(session.heldStream.load(ordering: .relaxed)),
            let stream = streams.find(held), stream.session.id == session.id
        else { return nil }
        return stream
    }

    /// The last event of a call whose end nobody knows.
    static func outcomeUnknown(_ id: EventID) -> ByteBuffer {
        let refusal = Refusal.outcomeUnknown(200, "The events after the given Last-Event-ID are no longer kept.")
        let answer = id.request.withUnsafeBytes { refusal.answer(id: $0.isEmpty ? nil : $0) }
        return ByteBuffer(bytes: EventWriter.message(answer.body))
    }
}
