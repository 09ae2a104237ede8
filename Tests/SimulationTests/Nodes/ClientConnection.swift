// A client's connection to a node while one answer is under way: what the node flushes arrives after a while, and
// either side may lose the other at any moment, the node without noticing at once.

import GatewayCore
import NIOCore

/// What becomes of an answer, as its client sees it.
protocol AnswerReader: AnyObject {
    func began(_ connection: ClientConnection, status: Int, lines: String)
    func arrived(_ connection: ClientConnection, _ bytes: [UInt8])
    /// Complete.
    func ended(_ connection: ClientConnection)
    /// Cut off by the node or its death. Not called for what the client cuts itself.
    func wasCut(_ connection: ClientConnection)
}

final class ClientConnection: ResponseSink {
    private enum Piece {
        case head(Int, String)
        case bytes([UInt8])
        case end, cut
    }

    let clientAddress = "192.0.2.1"
    let world: World
    let name: String
    let node: SimulatedNode
    private weak var reader: (any AnswerReader)?
    var observer: (any ClientObserver)?
    private(set) var status: Int?
    private var length: Int?
    private var written = 0
    private var pending: [UInt8] = []
    /// Flushed and not taken by the client.
    private(set) var queuedBytes = 0
    private var lastArrival: NIODeadline
    /// Arrived while the client does not read.
    private var waiting: [Piece] = []
    private(set) var isStalled = false
    /// The node has ended or cut it, or knows that the client has left.
    private(set) var isOver = false
    /// The client gets nothing more.
    private(set) var isDone = false

    init(_ world: World, _ name: String, _ node: SimulatedNode, _ reader: any AnswerReader) {
        self.world = world
        self.name = name
        self.node = node
        self.reader = reader
        lastArrival = world.now
    }

    // MARK: The node's side

    func begin(status: Int, lines: ByteBuffer, length: Int?) {
        noteUse("begins")
        if self.status != nil { world.violated("\(name) was answered twice") }
        self.status = status
        self.length = length
        send(.head(status, String(buffer: lines)))
    }

    func write(_ bytes: ByteBuffer) {
        noteUse("writes")
        if status == nil { world.violated("\(name): written before it was begun") }
        written += bytes.readableBytes
        pending += bytes.readableBytesView
    }

    func flush() {
        guard !pending.isEmpty else { return }
        let bytes = pending
        pending = []
        queuedBytes += bytes.count
        send(.bytes(bytes))
    }

    func end() {
        noteUse("ends")
        if status == nil { world.violated("\(name): ended before it was begun") }
        if let length, length != written { world.violated("\(name): \(written) of \(length) bytes") }
        flush()
        isOver = true
        send(.end)
    }

    func abort() {
        noteUse("aborts")
        isOver = true
        send(.cut)
    }

    private func noteUse(_ what: String) {
        if isOver, node.isUp { world.violated("\(name): the node \(what) behind its end") }
    }

    /// Its process was killed.
    func nodeCrashed() {
        isOver = true
        observer = nil
        send(.cut)
    }

    // MARK: The client's side

    /// The client goes away. The node finds out at once, or late.
    func leave() {
        guard !isDone else { return }
        isDone = true
        world.after(world.random.chance(50) ? .nanoseconds(0) : world.random.milliseconds(1...1_500)) {
            guard !self.isOver, self.node.isUp else { return }
            self.isOver = true
            self.observer?.clientLeft()
            self.observer = nil
        }
    }

    /// The client reads nothing for a while.
    func stall(for time: TimeAmount) {
        guard !isDone, !isOver, !isStalled else { return }
        isStalled = true
        world.note("\(name): its client reads nothing for \(time.nanoseconds / 1_000_000) ms")
        observer?.clientIsWritable(false)
        world.after(time) {
            self.isStalled = false
            if !self.isOver, self.node.isUp { self.observer?.clientIsWritable(true) }
            self.drain()
        }
    }

    // MARK: On its way

    private func send(_ piece: Piece) {
        lastArrival = max(lastArrival, world.now + world.random.milliseconds(0...15))
        world.at(lastArrival) {
            self.waiting.append(piece)
            self.drain()
        }
    }

    private func drain() {
        while !isDone, !isStalled, !waiting.isEmpty {
            switch waiting.removeFirst() {
            case .head(let status, let lines): reader?.began(self, status: status, lines: lines)
            case .bytes(let bytes):
                queuedBytes -= bytes.count
                reader?.arrived(self, bytes)
            case .end:
                isDone = true
                reader?.ended(self)
            case .cut:
                isDone = true
                reader?.wasCut(self)
            }
        }
    }
}
