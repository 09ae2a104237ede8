// A service that answers when a test says so, or at once with what it was given.

import GatewayCore
import HTTPWire
import NIOCore

final class ScriptedService: RequestService {
    /// One request and the way to answer it.
    final class Served: ClientObserver {
        let path: String
        let body: String
        /// Bytes that the request keeps alive.
        let storage: Int
        let sink: any ResponseSink
        private(set) var hasLeft = 0
        private(set) var writability: [Bool] = []

        init(_ request: Request, _ sink: any ResponseSink) {
            path = request.block.withUnsafeReadableBytes {
                String(decoding: request.head.path.bytes(in: $0), as: UTF8.self)
            }
            body = String(buffer: request.body)
            storage = request.block.storageCapacity + request.body.storageCapacity
            self.sink = sink
        }

        func clientLeft() { hasLeft += 1 }
        func clientIsWritable(_ isWritable: Bool) { writability.append(isWritable) }

        func answer(_ body: String = "ok", status: Int = 200, lines: String = "") {
            sink.begin(status: status, lines: ByteBuffer(string: lines), length: body.utf8.count)
            if !body.isEmpty { sink.write(ByteBuffer(string: body)) }
            sink.end()
        }

        func beginStream() {
            sink.begin(status: 200, lines: ByteBuffer(string: "Content-Type: text/event-stream\r\n"), length: nil)
            sink.flush()
        }
    }

    var bodyBytesMax = 1 << 20
    var refusal: Answer?
    /// Answers each request at once with its path.
    var answersAtOnce = false
    /// Called with each request before `serve` returns.
    var whileServing: ((Served) -> Void)?
    private(set) var admitted = 0
    private(set) var served: [Served] = []
    private(set) var count = 0

    func admit(_ head: RequestHead, _ block: ByteBuffer) -> Admission {
        admitted += 1
        if let refusal { return .refuse(refusal) }
        return .accept(bodyBytesMax: bodyBytesMax)
    }

    func serve(_ request: Request, to sink: any ResponseSink) -> (any ClientObserver)? {
        let served = Served(request, sink)
        count += 1
        if answersAtOnce {
            served.answer(served.path)
            return nil
        }
        self.served.append(served)
        whileServing?(served)
        return served
    }
}
