// Many requests on one connection: answered one after the other, in order, without recursion, and without memory that
// grows with what a client sends or does not read. What comes while an answer ends has a sink of its own.

import GatewayCore
import NIOCore
import Testing

@testable import GatewayHTTP

@Suite struct PipeliningTests {
    private static func requests(_ range: Range<Int>) -> String { range.map { TestClient.get("/\($0)") }.joined() }

    private static func answers(_ range: Range<Int>) -> String { range.map { TestClient.ok("/\($0)") }.joined() }

    @Test func answersManyAtOnceInOrder() throws {
        let client = try TestClient()
        client.service.answersAtOnce = true
        try client.send(Self.requests(0..<5000))
        #expect(try client.receive() == Self.answers(0..<5000))
    }

    @Test func servesOneAtATime() throws {
        let client = try TestClient()
        try client.send(Self.requests(0..<3))
        for number in 0..<3 {
            #expect(client.served.count == number + 1)
            client.served.last?.answer("/\(number)")
        }
        #expect(try client.receive() == Self.answers(0..<3))
    }

    @Test func doesNotRecurse() throws {
        let client = try TestClient()
        try client.send(Self.requests(0..<20_000))
        #expect(client.served.count == 1)
        // The first was answered late; all others are answered within the call that ends it.
        client.service.answersAtOnce = true
        client.served[0].answer("/0")
        #expect(client.service.count == 20_000)
        #expect(try client.receive() == Self.answers(0..<20_000))
    }

    @Test func keepsTheSinkOfARequestThatComesWhileTheLastAnswerIsWritten() throws {
        // The next request arrives while `end` of the answer before is on the stack, before and behind its flush.
        for isAnsweredAtOnce in [false, true] {
            let client = try TestClient()
            client.socket.beforeFlush = { try? client.send(TestClient.get("/2")) }
            if isAnsweredAtOnce {
                client.service.whileServing = { if $0.path == "/1" { $0.answer("/1") } }
                try client.send(TestClient.get("/1"))
            } else {
                try client.send(TestClient.get("/1"))
                client.served.last?.answer("/1")
            }
            let second = try #require(client.served.last)
            #expect(second.path == "/2")
            client.setWritable(false)
            #expect(second.writability == [false], "its observer is known")
            client.setWritable(true)
            second.answer("/2")
            #expect(try client.receive() == Self.answers(1..<3))
            try client.send(TestClient.get("/3"))
            try client.leave()
            #expect(client.served.map(\.hasLeft) == [0, 0, 1])
        }
    }

    @Test func keepsTheSinkOfARequestThatComesBehindAnAnswerWithinTheCall() throws {
        let client = try TestClient()
        client.service.whileServing = {
            guard $0.path == "/1" else { return }
            $0.answer("/1")
            try? client.send(TestClient.get("/2"))
        }
        try client.send(TestClient.get("/1"))
        #expect(client.served.map(\.path) == ["/1", "/2"])
        client.setWritable(false)
        #expect(client.served.map(\.writability) == [[], [false]])
        try client.leave()
        #expect(client.served.map(\.hasLeft) == [0, 1])
    }

    @Test func tellsNobodyWhoHasCutItsAnswerWithinTheCall() throws {
        let client = try TestClient()
        client.service.whileServing = { $0.sink.abort() }
        try client.send(TestClient.get("/1"))
        #expect(!client.isOpen)
        #expect(client.served.map(\.hasLeft) == [0])
    }

    @Test func answersBodiesInOrder() throws {
        let client = try TestClient()
        client.service.whileServing = { $0.answer($0.body) }
        let texts = (0..<200).map { String(repeating: "\($0 % 10)", count: $0) }
        try client.send(texts.map { TestClient.post($0) }.joined())
        #expect(try client.receive() == texts.map { TestClient.ok($0) }.joined())
    }

    @Test func readsNoMoreThanOneReadAhead() throws {
        let client = try TestClient()
        try client.send(TestClient.get("/first"))
        let reads = client.socket.reads
        try client.send(TestClient.get("/second") + "GET /thi")
        #expect(client.socket.reads == reads)
        client.served.last?.answer("/first")
        #expect(client.served.last?.path == "/second")
        #expect(client.socket.reads == reads)
        client.served.last?.answer("/second")
        // Part of the third is there, and the rest is wanted.
        #expect(client.socket.reads > reads)
        try client.send("rd HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(client.served.last?.path == "/third")
    }

    @Test func takesNothingMoreOfWhoHasEndedItsSide() throws {
        // NIO reads to the end when it comes, asked or not: megabytes that nobody will answer.
        let client = try TestClient()
        try client.send(TestClient.get("/first"))
        try client.send(TestClient.get("/second"))
        for _ in 0..<100 { try client.send(Self.requests(0..<100)) }
        #expect(client.connection.inbox.readableBytes == TestClient.get("/second").utf8.count)
    }

    @Test func readsNoMoreWhileThereIsEnoughToDo() throws {
        let client = try TestClient()
        let one = TestClient.get("/x")
        try client.send(String(repeating: one, count: 2 * HTTP1Connection.receivedBytesMax / one.utf8.count))
        let reads = client.socket.reads
        for _ in 0..<100 { client.served.last?.answer() }
        #expect(client.socket.reads == reads)
        // When most of it is done, reading goes on.
        while client.service.count < 2 * HTTP1Connection.receivedBytesMax / one.utf8.count {
            client.served.last?.answer()
        }
        #expect(client.socket.reads > reads)
    }

    @Test func keepsNothingOfRequestsThatAreDone() throws {
        let client = try TestClient()
        client.service.answersAtOnce = true
        // Each read ends within a request, so that something is always left over.
        let one = TestClient.get("/" + String(repeating: "x", count: 1000))
        let half = one.utf8.count / 2
        let (head, tail) = (String(one.prefix(half)), String(one.dropFirst(half)))
        try client.send(head)
        for _ in 0..<1000 { try client.send(tail + head) }
        #expect(client.service.count == 1000)
        let inbox = Mirror(reflecting: client.connection).children.first { $0.label == "inbox" }?.value as? ByteBuffer
        #expect(try #require(inbox).capacity < 256 * 1024)
    }

    @Test func servesNobodyWhoDoesNotRead() throws {
        let client = try TestClient()
        client.service.answersAtOnce = true
        client.setWritable(false)
        let reads = client.socket.reads
        try client.send(Self.requests(0..<10))
        #expect(client.service.count == 0)
        #expect(client.socket.reads == reads)
        client.setWritable(true)
        #expect(try client.receive() == Self.answers(0..<10))
        #expect(client.socket.reads > reads)
    }

    @Test func readsABodyOfWhoDoesNotRead() throws {
        // A client may send all of its request before it reads: what was begun is read to its end.
        let client = try TestClient()
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nab")
        client.setWritable(false)
        let reads = client.socket.reads
        try client.send("cd")
        #expect(client.served.first?.body == "abcd")
        #expect(client.socket.reads > reads)
    }
}
