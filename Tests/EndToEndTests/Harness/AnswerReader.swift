// Reads HTTP answers from a connection, one after the other, or one of them piece by piece while it comes. It takes
// nothing that RFC 9112 does not allow: what the gateway writes must be exact.
import Foundation

/// Confined to one test at a time.
final class AnswerReader: @unchecked Sendable {
    struct Malformed: Error, CustomStringConvertible {
        var description: String
    }

    private enum Rest {
        case none
        case length(Int)
        case chunks
        case untilClose
    }

    private let connection: RawConnection
    private let limit: Duration
    private var inbox: [UInt8] = []
    private var rest = Rest.none

    init(_ connection: RawConnection, limit: Duration = Deadline.usual) {
        self.connection = connection
        self.limit = limit
    }

    /// A whole answer.
    func answer(hasBody: Bool = true) async throws -> HTTPAnswer {
        var answer = try await head(hasBody: hasBody)
        while let piece = try await piece() { answer.body += piece }
        return answer
    }

    /// The head alone; ``piece()`` gives the body. Interim answers are passed over.
    func head(hasBody: Bool = true) async throws -> HTTPAnswer {
        var answer = try Self.head(of: try await block())
        while answer.status == 100 { answer = try Self.head(of: try await block()) }
        rest = try Self.framing(answer, hasBody: hasBody)
        return answer
    }

    /// The next part of the body, or nil at its end.
    func piece() async throws -> [UInt8]? {
        switch rest {
        case .none: return nil
        case .length(0):
            rest = .none
            return nil
        case .length(let left):
            if inbox.isEmpty { try await fill() }
            let part = Array(inbox.prefix(left))
            inbox.removeFirst(part.count)
            rest = .length(left - part.count)
            return part
        case .chunks: return try await chunk()
        case .untilClose:
            if inbox.isEmpty { inbox = try await connection.receive(within: limit) }
            defer { inbox = [] }
            return inbox.isEmpty ? nil : inbox
        }
    }

    /// True when the other side closes and sends nothing more before it does.
    func seesClose() async throws -> Bool {
        if !inbox.isEmpty { return false }
        return try await connection.receive(within: limit).isEmpty
    }

    // MARK: Parts

    private func chunk() async throws -> [UInt8]? {
        let line = try await line()
        guard !line.isEmpty, line.utf8.count <= 8, let size = Int(line, radix: 16) else {
            throw Malformed(description: "a chunk begins with '\(line)'")
        }
        if size == 0 {
            guard try await self.line().isEmpty else { throw Malformed(description: "there are trailers") }
            rest = .none
            return nil
        }
        while inbox.count < size + 2 { try await fill() }
        let part = Array(inbox.prefix(size))
        guard inbox[size] == 0x0D, inbox[size + 1] == 0x0A else {
            throw Malformed(description: "a chunk does not end with CR LF")
        }
        inbox.removeFirst(size + 2)
        return part
    }

    private func line() async throws -> String {
        while true {
            if let end = inbox.firstIndex(of: 0x0A) {
                guard end > 0, inbox[end - 1] == 0x0D else { throw Malformed(description: "a line ends in a bare LF") }
                defer { inbox.removeFirst(end + 1) }
                return String(decoding: inbox[..<(end - 1)], as: UTF8.self)
            }
            try await fill()
        }
    }

    private func block() async throws -> [String] {
        var lines: [String] = []
        while true {
            let line = try await line()
            if line.isEmpty { return lines }
            lines.append(line)
        }
    }

    private func fill() async throws {
        // A stream may go on for ever; the time limit of a test ends it here.
        try Task.checkCancellation()
        let bytes = try await connection.receive(within: limit)
        guard !bytes.isEmpty else { throw Malformed(description: "the connection closed in the middle of an answer") }
        inbox += bytes
    }

    private static func head(of lines: [String]) throws -> HTTPAnswer {
        let words = (lines.first ?? "").split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0] == "HTTP/1.1", words[1].count == 3, let status = Int(words[1]) else {
            throw Malformed(description: "an answer begins with '\(lines.first ?? "")'")
        }
        let headers = try lines.dropFirst().map { line -> (name: String, value: String) in
            guard let colon = line.firstIndex(of: ":"), colon != line.startIndex else {
                throw Malformed(description: "a header line is '\(line)'")
            }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            return (String(line[..<colon]), value)
        }
        return HTTPAnswer(status: status, headers: headers)
    }

    private static func framing(_ answer: HTTPAnswer, hasBody: Bool) throws -> Rest {
        let lengths = answer.headers.filter { $0.name.lowercased() == "content-length" }
        let codings = answer.headers.filter { $0.name.lowercased() == "transfer-encoding" }
        guard lengths.count + codings.count <= 1 else { throw Malformed(description: "two framings in one answer") }
        if !hasBody || answer.status == 204 || answer.status == 304 { return .none }
        if let coding = codings.first {
            guard coding.value == "chunked" else { throw Malformed(description: "the coding is \(coding.value)") }
            return .chunks
        }
        guard let length = lengths.first else { return .untilClose }
        guard let count = Int(length.value), count >= 0 else {
            throw Malformed(description: "Content-Length is \(length.value)")
        }
        return .length(count)
    }
}
