// The answer to something small: a notification, an answer, a DELETE, a request that must fail.

final class Receipt: AnswerReader {
    enum Outcome {
        case answered(Int, Fields)
        /// Nobody knows whether it was heard.
        case cut
    }

    private var status = 0
    private var bytes: [UInt8] = []
    private var done: ((Outcome) -> Void)?
    private let world: World
    /// Hears of the head before the rest has come.
    var statusCame: ((Int) -> Void)?

    init(_ world: World, _ done: @escaping (Outcome) -> Void) {
        self.world = world
        self.done = done
    }

    /// The answer has not come.
    var isOpen: Bool { done != nil }

    func began(_ connection: ClientConnection, status: Int, lines: String) {
        self.status = status
        statusCame?(status)
    }

    func arrived(_ connection: ClientConnection, _ bytes: [UInt8]) { self.bytes += bytes }

    func ended(_ connection: ClientConnection) { finish(.answered(status, Fields(bytes))) }

    func wasCut(_ connection: ClientConnection) { finish(.cut) }

    private func finish(_ outcome: Outcome) {
        guard let done else { return world.violated("an answer has ended twice") }
        self.done = nil
        done(outcome)
    }
}
