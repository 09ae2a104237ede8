// What an operator may know of a listener: how many connections it has, and whom it has turned away or cut off. The
// numbers only; their names on the metrics page are in `DoorTelemetry`.

/// A snapshot of a listener's counters.
public struct DoorCounts: Sendable, Equatable {
    /// Connections that are served.
    public var connections = 0
    /// Bytes kept of requests that are not there whole.
    public var receivedBytes = 0
    /// Bytes that clients have not taken, as far as was looked.
    public var queuedBytes = 0
    /// Why a connection was turned away or cut off, and how often.
    public var ends = [Int](repeating: 0, count: DoorEnd.allCases.count)

    public init() {}

    public subscript(end: DoorEnd) -> Int { ends[end.rawValue] }
}

/// Why the door turned a connection away or cut it off.
public enum DoorEnd: Int, CaseIterable, Sendable {
    /// There were as many connections as there may be.
    case full
    /// The system had no file left for it. It waits until there is one.
    case files
    /// Its request came too slowly, or not at all, while others needed the room.
    case stalledUpload
    /// There was no room for its request, and nobody to cut off for it.
    case noRoom
    /// Its request was not there in time.
    case slowRequest
    /// Its answer has ended, and its client does not take it.
    case notReading
    /// Its client took too little while others needed the room.
    case queuedTotal
}
