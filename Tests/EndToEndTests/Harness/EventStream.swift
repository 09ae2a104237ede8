// An answer that is still coming: its head is there, its events are read one by one.
import Foundation

/// Confined to one test at a time.
final class EventStream: @unchecked Sendable {
    let head: HTTPAnswer
    let connection: RawConnection
    private let reader: AnswerReader
    private var pending: [ServerEvent] = []
    private var rest = ""

    private init(_ head: HTTPAnswer, _ connection: RawConnection, _ reader: AnswerReader) {
        self.head = head
        self.connection = connection
        self.reader = reader
    }

    static func open(
        _ endpoint: Endpoint, _ verb: String, _ headers: [(String, String)], body: String? = nil
    ) async throws -> EventStream {
        let connection = try RawConnection(to: endpoint.port)
        await connection.send(HTTPAnswer.request(endpoint, verb, headers, body: body.map { Array($0.utf8) }))
        let reader = AnswerReader(connection)
        return EventStream(try await reader.head(), connection, reader)
    }

    /// The next event, or nil at the end of the stream. Comments are passed over.
    /// - Throws: also when only comments came for longer than ``Deadline/usual``.
    func next() async throws -> ServerEvent? {
        let end = ContinuousClock.now + Deadline.usual
        while pending.isEmpty {
            guard ContinuousClock.now < end else { throw Overdue(description: "no event within \(Deadline.usual)") }
            guard let piece = try await reader.piece() else { return nil }
            // Events may end in CR LF twice, which to Swift are two characters and hold no "\n\n".
            rest = (rest + String(decoding: piece, as: UTF8.self)).replacingOccurrences(of: "\r\n", with: "\n")
            guard let end = rest.range(of: "\n\n", options: .backwards) else { continue }
            pending = ServerEvent.all(in: String(rest[..<end.upperBound]))
            rest = String(rest[end.upperBound...])
        }
        return pending.removeFirst()
    }

    /// The rest of the answer, read to its end.
    /// - Throws: also when it has not ended after twice ``Deadline/usual``; comments would go on for ever.
    func whole() async throws -> HTTPAnswer {
        let end = ContinuousClock.now + Deadline.usual * 2
        var answer = head
        while let piece = try await reader.piece() {
            answer.body += piece
            guard ContinuousClock.now < end else { throw Overdue(description: "an answer without end: \(answer.text)") }
        }
        return answer
    }
}
