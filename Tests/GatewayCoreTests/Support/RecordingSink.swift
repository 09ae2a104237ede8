// A client connection that records its answer and notes every breach of the sink's contract.

import GatewayCore
import NIOCore

final class RecordingSink: ResponseSink {
    let clientAddress = "192.0.2.1"
    /// Set by a test that plays a slow client.
    var queuedBytes = 0
    private(set) var status: Int?
    private(set) var lines = ""
    private(set) var length: Int?
    private(set) var bytes: [UInt8] = []
    /// Bytes that were handed to the connection.
    private(set) var flushedBytes = 0
    private(set) var isEnded = false
    private(set) var isAborted = false
    /// The next request of this connection, which a codec begins within ``end()``.
    var next: (() -> Void)?
    /// What becomes of the connection when the answer begins.
    var whenBegun: (() -> Void)?
    /// What the core did although the contract forbids it.
    private(set) var breaches: [String] = []

    func begin(status: Int, lines: ByteBuffer, length: Int?) {
        if self.status != nil { breaches.append("begun twice") }
        noteUse("begin")
        self.status = status
        self.lines = String(buffer: lines)
        self.length = length
        whenBegun?()
    }

    func write(_ bytes: ByteBuffer) {
        if status == nil { breaches.append("written before it was begun") }
        noteUse("write")
        self.bytes += Array(bytes.readableBytesView)
    }

    func flush() {
        noteUse("flush")
        flushedBytes = bytes.count
    }

    func end() {
        if status == nil { breaches.append("ended before it was begun") }
        noteUse("end")
        if let length, length != bytes.count { breaches.append("\(bytes.count) of \(length) bytes") }
        flushedBytes = bytes.count
        isEnded = true
        let next = next
        self.next = nil
        next?()
    }

    func abort() {
        noteUse("abort")
        isAborted = true
    }

    private func noteUse(_ name: String) {
        if isEnded || isAborted { breaches.append("\(name) behind its end") }
    }

    var isOver: Bool { isEnded || isAborted }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func header(_ name: String) -> String? { Headers.value(name, in: lines) }
}

/// Looking up names in a block of header lines.
enum Headers {
    static func value(_ name: String, in block: String) -> String? {
        for line in block.split(separator: "\r\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { continue }
            return String(parts[1].drop { $0 == " " })
        }
        return nil
    }
}
