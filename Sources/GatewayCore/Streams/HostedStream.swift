// A stream of events as its host holds it: numbered, remembered, and with at most one client listening. It outlives its
// client, and for a while the exchange that fills it.
internal import NIOCore
internal import TransportAPI

/// One numbered stream. Belongs to its event loop.
final class HostedStream {
    /// What a stream without any event costs, for the count of kept bytes.
    static let fixedBytes = 512

    let session: Session
    let name: StreamName
    /// The instance's exchange that fills it; nil once that is over, and the stream complete.
    var exchange: Exchange?
    /// The number up to which a client has been given everything, whoever it was.
    var handedOver: UInt64 = 0
    /// Puts the events on record while nobody listens, where there is a log.
    var recorder: StreamRecorder?
    private let idPrefix: [UInt8]
    private(set) var ring = EventRing()

    init(session: Session, name: StreamName, idPrefix: [UInt8], exchange: Exchange) {
        self.session = session
        self.name = name
        self.idPrefix = idPrefix
        self.exchange = exchange
    }

    var bytes: Int { ring.bytes + Self.fixedBytes }

    /// Numbers and keeps an event, and returns it as it goes to the client.
    /// - Parameters:
    ///   - isPrimed: a priming event stands before it. It is not kept.
    ///   - fill: writes the event's lines, its blank line included, without an id.
    func add(
        _ limits: Limits, capacity: Int, isPrimed: Bool = false, _ fill: (inout ByteBuffer) -> Void
    ) -> ByteBuffer {
        let idBytes = idPrefix.count + 16
        var event = ByteBufferAllocator().buffer(capacity: idBytes * (isPrimed ? 2 : 1) + capacity)
        if isPrimed { writePriming(to: &event) }
        let start = event.writerIndex
        writeID(ring.next, to: &event)
        fill(&event)
        // The line feed of a last CR LF may still be on its way, and belongs to no event then. Some clients wait for
        // it.
        if event.readableBytesView.last == UInt8(ascii: "\r") { event.writeInteger(UInt8(ascii: "\n")) }
        let kept = isPrimed ? event.getSlice(at: start, length: event.writerIndex - start) : event
        ring.append(kept ?? event, eventsMax: limits.replayEvents, bytesMax: limits.replayBytes)
        recorder?.write()
        return event
    }

    /// Forgets all events: there is no room for them. Who needs them is told.
    func forgetEvents() { ring.removeAll() }

    /// An event that says nothing but where the client is: it always holds an id then (2025-11-25, Streamable HTTP,
    /// Sending Messages to the Server, 6).
    func writePriming(to out: inout ByteBuffer) {
        writeID(handedOver, to: &out)
        out.writeStaticString("data: \n\n")
    }

    private func writeID(_ number: UInt64, to out: inout ByteBuffer) {
        out.writeBytes(idPrefix)
        out.writeDecimal(Int(clamping: number))
        out.writeInteger(UInt8(ascii: "\n"))
    }
}
