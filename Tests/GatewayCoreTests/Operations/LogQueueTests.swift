// The queue in front of the log's thread: its bounds, and what it says of lines that it has lost.
import Testing

@testable import GatewayCore

@Suite("What waits to be logged")
struct LogQueueTests {
    private func line(_ number: Int) -> String { "line \(number)\n" }

    @Test("Lines come out in their order, once")
    func order() {
        var queue = LogQueue()
        #expect(queue.isEmpty)
        for number in 1...3 { queue.add(line(number)) }
        #expect(!queue.isEmpty)
        let taken = queue.take()
        #expect(taken.texts.joined() == "line 1\nline 2\nline 3\n")
        #expect(taken.dropped == 0)
        #expect(queue.isEmpty && queue.take().texts.isEmpty)
    }

    @Test("Beyond its bytes lines are dropped, each is counted, and a shorter one still fits")
    func bytes() {
        var queue = LogQueue(bytesMax: 20, linesMax: 100)
        queue.add("0123456789\n")
        queue.add("0123456789\n")
        queue.add("0\n1\n2\n3\n4\n")
        queue.add("01234567\n")
        let taken = queue.take()
        #expect(taken.texts == ["0123456789\n", "01234567\n"])
        #expect(taken.dropped == 6)
    }

    @Test("Beyond its lines the same, and a batch is taken whole or not at all")
    func lines() {
        var queue = LogQueue(bytesMax: 1_000, linesMax: 4)
        queue.add("a\nb\n")
        queue.add("c\nd\ne\n")
        queue.add("f\ng\n")
        queue.add("h\n")
        let taken = queue.take()
        #expect(taken.texts == ["a\nb\n", "f\ng\n"])
        #expect(taken.dropped == 4)
    }

    @Test("What was dropped is said once, also if nothing waits, and then there is room again")
    func saidOnce() {
        var queue = LogQueue(bytesMax: 3, linesMax: 4)
        queue.add("too long\n")
        #expect(!queue.isEmpty)
        #expect(queue.take().dropped == 1)
        queue.add("a\n")
        #expect(queue.take() == (["a\n"], 0))
    }

    @Test("However much is logged while nobody reads, no more than the bound is kept")
    func flood() {
        var queue = LogQueue()
        let text = String(repeating: "x", count: 1_023) + "\n"
        for _ in 0..<10_000 { queue.add(text) }
        let taken = queue.take()
        #expect(taken.texts.reduce(0) { $0 + $1.utf8.count } <= LogQueue.bytesMax)
        #expect(taken.texts.count + taken.dropped == 10_000)
        #expect(taken.texts.count == LogQueue.bytesMax / 1_024)
        for _ in 0..<LogQueue.linesMax + 7 { queue.add("\n") }
        #expect(queue.take().dropped == 7)
    }
}
