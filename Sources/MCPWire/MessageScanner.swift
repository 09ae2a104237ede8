// The scan of a body or of an SSE event: one pass over all of its bytes that finds what routing needs and refuses what
// two readers could read differently. The HTTP door, the streams and the attachment call it; it decodes nothing, keeps
// nothing, and what it has accepted is forwarded byte for byte.

/// Scans JSON-RPC messages. See ``Message`` for what is found.
///
/// Accepted is RFC 8259 JSON in UTF-8 without a byte order mark. Half a surrogate pair written as an escape is let
/// through, since servers that cut texts do send it; it never equals anything. Refused beyond the grammar: member
/// names of the protocol that occur twice, written with escapes or not, and names that differ from these only in case.
public enum MessageScanner {
    /// Scans a whole body: one message or an array of them.
    ///
    /// - Parameter bytes: the body; ranges in the result are relative to it.
    /// - Throws: ``ScanError`` with ``RPCErrorCode/parseError`` when the body is not JSON from end to end, else with
    ///   ``RPCErrorCode/invalidRequest``.
    public static func scan(
        _ bytes: UnsafeRawBufferPointer, limits: ScanLimits
    ) throws(ScanError) -> ScannedBody {
        try withReader(bytes, limits) { reader throws(ScanError) in try body(&reader) }
    }

    /// Scans exactly one message, as in an SSE event; an array is refused. Allocates only to throw.
    public static func scanMessage(
        _ bytes: UnsafeRawBufferPointer, limits: ScanLimits
    ) throws(ScanError) -> Message {
        try withReader(bytes, limits) { reader throws(ScanError) in
            reader.json.skipSpace()
            if reader.json.current == UInt8(ascii: "[") { reader.note(.unexpectedBatch, at: reader.json.position) }
            return try single(&reader)
        }
    }

    /// Gives the reader its counters on the stack.
    private static func withReader<Found>(
        _ bytes: UnsafeRawBufferPointer, _ limits: ScanLimits,
        _ scan: (inout EnvelopeReader) throws(ScanError) -> Found
    ) throws(ScanError) -> Found {
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            throw ScanError(ScanFailure(.endsEarly, at: 0), id: .absent)
        }
        guard bytes.count < Int(UInt32.max) else {
            throw ScanError(ScanFailure(.bodyTooLong, at: Int(UInt32.max)), id: .absent)
        }
        return try withUnsafeTemporaryAllocation(of: Int.self, capacity: ScanLimits.depthMaximum) {
            members throws(ScanError) in
            guard let counters = members.baseAddress else {
                throw ScanError(ScanFailure(.tooDeep, at: 0), id: .absent)
            }
            var reader = EnvelopeReader(JSONReader(base, count: bytes.count, members: counters, limits: limits))
            return try scan(&reader)
        }
    }

    private static func body(_ reader: inout EnvelopeReader) throws(ScanError) -> ScannedBody {
        reader.json.skipSpace()
        guard reader.json.current == UInt8(ascii: "[") else { return .message(try single(&reader)) }
        var messages: [Message] = []
        do throws(ScanFailure) {
            try batch(&reader, &messages)
        } catch {
            throw ScanError(error, id: .absent)
        }
        return .batch(messages)
    }

    private static func single(_ reader: inout EnvelopeReader) throws(ScanError) -> Message {
        do throws(ScanFailure) {
            if reader.json.current == UInt8(ascii: "{") {
                try reader.read()
            } else {
                let at = reader.json.position
                try reader.json.skipValue()
                reader.note(.notAMessage, at: at)
            }
            try finish(&reader)
        } catch {
            throw ScanError(error, id: reader.idForError)
        }
        return reader.message
    }

    private static func batch(
        _ reader: inout EnvelopeReader, _ messages: inout [Message]
    ) throws(ScanFailure) {
        let start = reader.json.position
        var more = try reader.json.beginArray()
        if !more { reader.note(.emptyBatch, at: start) }
        while more {
            let at = reader.json.position
            guard messages.count < reader.json.limits.batch else { throw ScanFailure(.batchTooLong, at: at) }
            if reader.json.current == UInt8(ascii: "{") {
                try reader.read()
            } else {
                let isArray = reader.json.current == UInt8(ascii: "[")
                try reader.json.skipValue()
                reader.note(isArray ? .nestedBatch : .notAMessage, at: at)
            }
            messages.append(reader.message)
            more = try reader.json.hasNext()
        }
        try finish(&reader)
    }

    /// Nothing but white space may follow the value; then the first broken rule is reported.
    private static func finish(_ reader: inout EnvelopeReader) throws(ScanFailure) {
        reader.json.skipSpace()
        let at = reader.json.position
        guard at == reader.json.end else { throw ScanFailure(.trailingBytes, at: at) }
        if let failure = reader.failure { throw failure }
    }
}
