// Answers on the wire: framing by version and kind, keep-alive, HEAD, streams, cuts.

import GatewayCore
import NIOCore
import Testing

@testable import GatewayHTTP

@Suite struct AnswerTests {
    private func answered(
        _ request: String, _ answer: (ScriptedService.Served) -> Void
    ) throws -> (String, TestClient) {
        let client = try TestClient()
        try client.send(request)
        answer(try #require(client.served.first))
        return (try client.receive(), client)
    }

    // MARK: Keep-alive

    @Test func keepsAnHTTP11ConnectionUnlessToldOtherwise() throws {
        let (text, client) = try answered(TestClient.get()) { $0.answer() }
        #expect(text == TestClient.ok("ok"))
        #expect(client.isOpen && !client.socket.isOutputClosed)
        let (closing, other) = try answered(TestClient.get("/", "Connection: close\r\n")) { $0.answer() }
        #expect(closing == TestClient.ok("ok", "Connection: close\r\n"))
        #expect(other.socket.isOutputClosed)
    }

    @Test func closesAnHTTP10ConnectionUnlessToldOtherwise() throws {
        let (text, client) = try answered("GET / HTTP/1.0\r\n\r\n") { $0.answer() }
        #expect(text == TestClient.ok("ok", "Connection: close\r\n"))
        #expect(client.socket.isOutputClosed)
        let (kept, other) = try answered("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n") { $0.answer() }
        #expect(kept == TestClient.ok("ok", "Connection: keep-alive\r\n"))
        #expect(!other.socket.isOutputClosed)
    }

    @Test func closesEveryConnectionInADrain() throws {
        let client = try TestClient()
        try client.send(TestClient.get())
        client.table.drain()
        #expect(client.isOpen)
        client.served.first?.answer()
        #expect(try client.receive() == TestClient.ok("ok", "Connection: close\r\n"))
        #expect(client.socket.isOutputClosed)
    }

    @Test func dropsWhatFollowsAClose() throws {
        let client = try TestClient()
        try client.send(TestClient.get("/", "Connection: close\r\n") + TestClient.get("/second"))
        client.served.first?.answer()
        #expect(client.served.count == 1)
        try client.send(TestClient.get("/third"))
        #expect(client.served.count == 1)
    }

    // MARK: Framing

    @Test func sendsAStreamInChunks() throws {
        let client = try TestClient()
        try client.send(TestClient.get())
        let served = try #require(client.served.first)
        served.beginStream()
        #expect(
            try client.receive()
                == "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        served.sink.write(ByteBuffer(string: "data: 1\n\n"))
        #expect(try client.receive() == "")
        served.sink.write(ByteBuffer(string: String(repeating: "x", count: 17)))
        served.sink.write(ByteBuffer())
        served.sink.flush()
        #expect(try client.receive() == "9\r\ndata: 1\n\n\r\n11\r\n" + String(repeating: "x", count: 17) + "\r\n")
        served.sink.end()
        #expect(try client.receive() == "0\r\n\r\n")
        try client.send(TestClient.get())
        #expect(client.served.count == 2)
    }

    @Test func sendsAStreamUntilCloseToHTTP10() throws {
        let client = try TestClient()
        try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        let served = try #require(client.served.first)
        served.beginStream()
        served.sink.write(ByteBuffer(string: "data: 1\n\n"))
        served.sink.end()
        #expect(
            try client.receive()
                == "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n")
        #expect(client.socket.isOutputClosed)
    }

    @Test(arguments: [0, 1, 9, 10, 15, 16, 255, 4096, 16 * 1024, 16 * 1024 + 1, 200_000])
    func sendsPiecesOfAnySize(_ count: Int) throws {
        let body = String(repeating: "x", count: count)
        let (text, _) = try answered(TestClient.get()) { $0.answer(body) }
        #expect(text == TestClient.ok(body))
        let (chunked, _) = try answered(TestClient.get()) {
            $0.beginStream()
            $0.sink.write(ByteBuffer(string: "a"))
            $0.sink.write(ByteBuffer(string: body))
            $0.sink.write(ByteBuffer(string: "b"))
            $0.sink.end()
        }
        let middle = count == 0 ? "" : String(count, radix: 16) + "\r\n" + body + "\r\n"
        #expect(chunked.hasSuffix("\r\n\r\n1\r\na\r\n" + middle + "1\r\nb\r\n0\r\n\r\n"))
    }

    @Test func sendsNoBodyToHEAD() throws {
        let (text, client) = try answered("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n") { $0.answer("1234") }
        #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        #expect(!client.socket.isOutputClosed)
        let (stream, _) = try answered("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n") {
            $0.beginStream()
            $0.sink.write(ByteBuffer(string: "data: 1\n\n"))
            $0.sink.end()
        }
        #expect(stream.hasSuffix("\r\n\r\n"))
        #expect(!stream.contains("data"))
    }

    @Test func sendsNoLengthWhereThereIsNone() throws {
        let (text, _) = try answered(TestClient.get()) { $0.answer("", status: 204) }
        #expect(text == "HTTP/1.1 204 No Content\r\n\r\n")
        let (accepted, _) = try answered(TestClient.get()) { $0.answer("", status: 202) }
        #expect(accepted == "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
        let (odd, _) = try answered(TestClient.get()) { $0.answer("", status: 599) }
        #expect(odd.hasPrefix("HTTP/1.1 599 Error\r\n"))
    }

    // MARK: Ends

    @Test func cutsAnAnswerThatIsAborted() throws {
        let client = try TestClient()
        try client.send(TestClient.get() + TestClient.get("/second"))
        let served = try #require(client.served.first)
        served.beginStream()
        served.sink.write(ByteBuffer(string: "data"))
        served.sink.abort()
        #expect(!client.isOpen)
        #expect(!(try client.receive()).contains("0\r\n\r\n"))
        #expect(client.served.count == 1)
        #expect(served.hasLeft == 0)
        client.channel.embeddedEventLoop.run()
        #expect(client.table.count == 0)
    }

    @Test func bearsASinkThatIsUsedAfterItsEnd() throws {
        let client = try TestClient()
        try client.send(TestClient.get())
        let served = try #require(client.served.first)
        served.answer()
        let text = try client.receive()
        served.sink.write(ByteBuffer(string: "late"))
        served.sink.flush()
        served.sink.end()
        served.sink.abort()
        #expect(try client.receive() == "")
        #expect(text == TestClient.ok("ok"))
        #expect(client.isOpen)
    }

    @Test func tellsWhenTheClientLeaves() throws {
        let client = try TestClient()
        try client.send(TestClient.get())
        let served = try #require(client.served.first)
        served.beginStream()
        try client.leave()
        #expect(served.hasLeft == 1)
        served.sink.write(ByteBuffer(string: "x"))
        served.sink.end()
        #expect(served.hasLeft == 1)
        #expect(client.table.count == 0)
        #expect(served.sink.clientAddress == "-")
        #expect(served.sink.queuedBytes == 0)
    }

    @Test func tellsNobodyWhoseAnswerIsOut() throws {
        let client = try TestClient()
        try client.send(TestClient.get())
        client.served.first?.answer()
        client.setWritable(false)
        try client.leave()
        #expect(client.served.first?.hasLeft == 0)
        #expect(client.served.first?.writability == [])
    }

    @Test func tellsWhenTheClientLeavesWhileItsRequestIsServed() throws {
        let client = try TestClient()
        client.socket.closesOnFlush = true
        client.service.whileServing = { $0.beginStream() }
        try client.send(TestClient.get())
        #expect(!client.isOpen)
        #expect(client.served.first?.hasLeft == 1)
    }

    @Test func tellsWhetherTheClientReads() throws {
        let client = try TestClient()
        try client.send(TestClient.get())
        client.socket.isHeld = true
        client.served.first?.sink.begin(status: 200, lines: ByteBuffer(), length: nil)
        client.served.first?.sink.write(ByteBuffer(string: String(repeating: "x", count: 100_000)))
        client.served.first?.sink.flush()
        client.setWritable(false)
        #expect(client.served.first?.writability == [false])
        #expect((client.served.first?.sink.queuedBytes ?? 0) > 100_000)
        client.setWritable(true)
        #expect(client.served.first?.writability == [false, true])
    }
}
