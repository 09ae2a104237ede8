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
    func next() async throws -> ServerEvent? {
        while pending.isEmpty {
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
    func whole() async throws -> HTTPAnswer {
        var answer = head
        while let piece = try await reader.piece() { answer.body += piece }
        return answer
    }
}
