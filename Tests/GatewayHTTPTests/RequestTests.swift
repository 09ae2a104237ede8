// Requests on a connection: whole, in pieces, with each framing, and those that are not understood.

import GatewayCore
import NIOCore
import Testing

@testable import GatewayHTTP

@Suite struct RequestTests {
    @Test func servesARequestAndAnswersIt() throws {
        let client = try TestClient()
        try client.send(TestClient.post("body", path: "/mcp"))
        let served = try #require(client.served.first)
        #expect(served.path == "/mcp")
        #expect(served.body == "body")
        #expect(try client.receive() == "")
        served.answer("answer", lines: "X-A: 1\r\n")
        #expect(try client.receive() == "HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 6\r\n\r\nanswer")
        #expect(client.isOpen)
    }

    @Test func readsRequestsHoweverTheyAreCut() throws {
        let texts = [
            TestClient.post("0123456789", path: "/a"), TestClient.get("/b"),
            "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "4;x=y\r\nabcd\r\n1\r\ne\r\n0\r\nT: v\r\n\r\n",
        ]
        let whole = texts.joined()
        for cut in 0...whole.utf8.count {
            let client = try TestClient()
            client.service.whileServing = { $0.answer() }
            let bytes = Array(whole.utf8)
            try client.send(String(decoding: bytes[..<cut], as: UTF8.self))
            try client.send(String(decoding: bytes[cut...], as: UTF8.self))
            #expect(client.served.map(\.path) == ["/a", "/b", "/c"], "cut at \(cut)")
            #expect(client.served.map(\.body) == ["0123456789", "", "abcde"], "cut at \(cut)")
        }
        let client = try TestClient()
        client.service.whileServing = { $0.answer() }
        for byte in whole.utf8 { try client.send(String(decoding: [byte], as: UTF8.self)) }
        #expect(client.served.map(\.body) == ["0123456789", "", "abcde"])
        #expect(client.table.ledger.received.count == 0)
    }

    @Test func sendsContinueWhenItIsWaitedFor() throws {
        let client = try TestClient()
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        try client.send(head)
        #expect(try client.receive() == "HTTP/1.1 100 Continue\r\n\r\n")
        #expect(client.served.isEmpty)
        try client.send("ab")
        client.served.first?.answer()
        #expect(try client.receive() == TestClient.ok("ok"))
        // Who does not wait is not told.
        try client.send(head + "ab")
        client.served.last?.answer()
        #expect(try client.receive() == TestClient.ok("ok"))
    }

    @Test func sendsNoContinueForWhatItRefuses() throws {
        let client = try TestClient()
        client.service.refusal = Answer(status: 403)
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.receive() == "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let big = try TestClient()
        big.service.bodyBytesMax = 1
        try big.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        #expect(try big.receive().hasPrefix("HTTP/1.1 413 "))
    }

    @Test func refusesOtherExpectations() throws {
        let client = try TestClient()
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: magic\r\n\r\nab")
        #expect(try client.receive().hasPrefix("HTTP/1.1 417 "))
    }

    // MARK: Limits

    private func expectRefused(
        _ client: TestClient, _ status: Int, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let text = try client.receive()
        #expect(text.hasPrefix("HTTP/1.1 \(status) "), "\(text)", sourceLocation: sourceLocation)
        #expect(text.contains("\r\nConnection: close\r\n"), sourceLocation: sourceLocation)
        #expect(client.served.isEmpty, sourceLocation: sourceLocation)
        #expect(client.socket.isOutputClosed, sourceLocation: sourceLocation)
        #expect(client.table.ledger.received.count == 0, sourceLocation: sourceLocation)
        // What the client still sends is dropped, whatever it is.
        try client.send(TestClient.get())
        #expect(try client.receive() == "", sourceLocation: sourceLocation)
        #expect(client.served.isEmpty, sourceLocation: sourceLocation)
    }

    @Test func refusesABodyThatIsAnnouncedTooLarge() throws {
        let client = try TestClient()
        client.service.bodyBytesMax = 10
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n")
        try expectRefused(client, 413)
    }

    @Test func takesABodyOfExactlyTheLimit() throws {
        let client = try TestClient()
        client.service.bodyBytesMax = 10
        try client.send(TestClient.post("0123456789"))
        client.served.first?.answer()
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n")
        #expect(client.served.map(\.body) == ["0123456789", "0123456789"])
    }

    @Test func refusesChunksThatAddUpToTooMuch() throws {
        let client = try TestClient()
        client.service.bodyBytesMax = 10
        try client.send("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n012345\r\n")
        #expect(try client.receive() == "")
        try client.send("6\r\n012345\r\n0\r\n\r\n")
        try expectRefused(client, 413)
    }

    @Test(arguments: ["zz\r\n", "4\r\nabcde\r\n", "4 \r\nabcd\r\n", "-1\r\n", "\r\n", "4\nabcd\r\n"])
    func refusesMalformedChunks(_ chunk: String) throws {
        for isCut in [false, true] {
            let client = try TestClient()
            let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            if isCut {
                try client.send(head)
                try client.send(chunk)
            } else {
                try client.send(head + chunk)
            }
            try expectRefused(client, 400)
        }
    }

    @Test func refusesAHeadThatIsTooLarge() throws {
        let long = try TestClient(options: { $0.headLimits.blockBytes = 1000 })
        try long.send("GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 1000))
        try expectRefused(long, 431)
        let many = try TestClient(options: { $0.headLimits.fields = 10 })
        try many.send(TestClient.get("/", String(repeating: "X: 1\r\n", count: 10)))
        try expectRefused(many, 431)
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET /\r\n\r\n", "\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    ])
    func refusesMalformedHeads(_ text: String) throws {
        let client = try TestClient()
        try client.send(text)
        try expectRefused(client, 400)
    }

    @Test func ignoresACRLFBehindABody() throws {
        let client = try TestClient()
        client.service.answersAtOnce = true
        try client.send(TestClient.post("body", path: "/1") + "\r\n")
        try client.send(TestClient.get("/2") + "\r")
        try client.send("\n" + TestClient.get("/3"))
        #expect(try client.receive() == TestClient.ok("/1") + TestClient.ok("/2") + TestClient.ok("/3"))
    }

    @Test func refusesOtherVersions() throws {
        let client = try TestClient()
        try client.send("GET / HTTP/2.0\r\nHost: x\r\n\r\n")
        try expectRefused(client, 505)
    }

    @Test func answersGoodRequestsBeforeABadOne() throws {
        let client = try TestClient()
        client.service.answersAtOnce = true
        try client.send(TestClient.get("/1") + TestClient.get("/2") + "nonsense\r\n\r\n" + TestClient.get("/3"))
        let text = try client.receive()
        #expect(text.hasPrefix(TestClient.ok("/1") + TestClient.ok("/2") + "HTTP/1.1 400 "))
        #expect(client.service.count == 2)
    }

    // MARK: Refused by the service

    @Test func keepsTheConnectionWhereNoBodyFollows() throws {
        let client = try TestClient()
        client.service.refusal = Answer(status: 404, lines: "X: 1\r\n", body: Array("no".utf8))
        try client.send(TestClient.get() + TestClient.get())
        let one = "HTTP/1.1 404 Not Found\r\nX: 1\r\nContent-Length: 2\r\n\r\nno"
        #expect(try client.receive() == one + one)
        #expect(client.isOpen)
        #expect(!client.socket.isOutputClosed)
    }

    @Test func endsTheConnectionWhereABodyFollows() throws {
        let client = try TestClient()
        client.service.refusal = Answer(status: 404)
        try client.send(TestClient.post("body") + TestClient.get())
        #expect(try client.receive() == "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        #expect(client.service.admitted == 1)
        #expect(client.socket.isOutputClosed)
    }
}
