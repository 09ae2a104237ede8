// A listener without its sockets: a table on each of some embedded event loops, one ledger for all, and a clock that
// only the test moves.

import NIOCore
import NIOEmbedded

@testable import GatewayHTTP

final class TestDoor {
    private final class Clock {
        var now = NIODeadline.now()
    }

    private let clock = Clock()
    let ledger: DoorLedger
    let loops: [EmbeddedEventLoop]
    let tables: [ConnectionTable]

    init(loops count: Int = 1, options: (inout ListenerOptions) -> Void) {
        var own = ListenerOptions()
        options(&own)
        let ledger = DoorLedger(own)
        self.ledger = ledger
        let loops = (0..<count).map { _ in EmbeddedEventLoop() }
        self.loops = loops
        let clock = clock
        tables = loops.map { loop in
            let table = ConnectionTable(ledger, loop: loop)
            table.clock = { clock.now }
            ledger.join(LoopMember(loop, table))
            return table
        }
    }

    func client(on loop: Int = 0) throws -> TestClient { try TestClient(table: tables[loop], loop: loops[loop]) }

    /// Time passes, and every table looks at its connections.
    func pass(_ amount: TimeAmount) {
        clock.now = clock.now + amount
        for table in tables { table.tick(now: clock.now) }
        run()
    }

    /// Until no loop has anything to do: what one does may be asked of it by another.
    func run() {
        for _ in 0..<50 { for loop in loops { loop.run() } }
    }

    func ends(_ end: DoorEnd) -> Int { ledger.counts[end] }
}
