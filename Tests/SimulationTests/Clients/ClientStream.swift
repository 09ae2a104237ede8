// A session's GET stream as its client keeps it open: each message once and in order; where one is missing, the client
// must be told to read its lists again.

import NIOCore

final class ClientStream: AnswerReader {
    private enum Item {
        case place(Int)
        /// The gateway says that something may have been missed.
        case refetch
        /// The client has begun anew, without saying where it was.
        case anew
    }

    unowned let conversation: Conversation
    private var connection: ClientConnection?
    private var items: [Item] = []
    private var status = 0
    private var isEvents = false
    private var events = EventReader()
    private(set) var lastEventID: String?
    private(set) var isWanted = false
    private var isConnecting = false

    init(_ conversation: Conversation) { self.conversation = conversation }

    private var world: World { conversation.world }

    private var name: String { "\(conversation.mark)'s stream" }

    /// It has a stream of events, and reads it.
    var isOpen: Bool { connection?.isDone == false && connection?.isStalled == false && isEvents }

    func open() {
        isWanted = true
        guard connection?.isDone != false, !isConnecting, conversation.isLive else { return }
        isEvents = false
        if lastEventID == nil || world.random.chance(10) {
            lastEventID = nil
            items.append(.anew)
        }
        connection = conversation.send("GET", lastEventID: lastEventID, name, self)
    }

    func cut() {
        guard let connection, !connection.isDone else { return }
        world.note("\(name) is cut by its client")
        connection.leave()
        comeBack()
    }

    func close() {
        isWanted = false
        connection?.leave()
    }

    func stall() { connection?.stall(for: world.random.milliseconds(200...5_000)) }

    private func comeBack() {
        isEvents = false
        guard isWanted, conversation.isLive else { return }
        isConnecting = true
        let isLate = conversation.client.simulation.isHealed
        world.after(world.random.milliseconds(isLate ? 200...600 : 1...1_500)) { [self] in
            isConnecting = false
            if isWanted { open() }
        }
    }

    // MARK: What comes

    func began(_ connection: ClientConnection, status: Int, lines: String) {
        self.status = status
        isEvents = status == 200 && lines.contains("text/event-stream")
        events = EventReader()
    }

    func arrived(_ connection: ClientConnection, _ bytes: [UInt8]) {
        guard isEvents else { return }
        events.feed(bytes) { take($0) }
    }

    func ended(_ connection: ClientConnection) {
        if conversation.isToldGone(status) { return }
        world.expect(status != 400, "\(name): its own event id was called bad")
        world.expect(status != 401, "\(name): its own credentials were refused")
        world.expect(status != 200 || isEvents, "\(name) was answered with 200 and no stream")
        if status != 200 { world.count("GET \(status)") }
        // Told that there is no such stream, a client learns with its next message only whether its session lives.
        if status == 405 { conversation.notify() }
        comeBack()
    }

    func wasCut(_ connection: ClientConnection) { comeBack() }

    private func take(_ event: EventReader.Event) {
        if let id = event.id { lastEventID = id }
        guard !event.text.isEmpty else { return }
        let fields = Fields(event.text)
        if let mark = fields.value("mark") {
            world.expect(mark == conversation.mark, "\(name) hears what belongs to \(mark)")
            world.expect(fields.value("call") == "get", "\(name) hears what belongs to \(fields.value("call") ?? "-")")
        }
        // What is no message, of a hostile server: it has its place, and is nothing to the client.
        if event.text.first != UInt8(ascii: "{") { return items.append(.place(fields.number("place") ?? -1)) }
        switch fields.value("method") {
        case "notifications/message": items.append(.place(fields.number("place") ?? -1))
        case "notifications/tools/list_changed":
            items.append(.refetch)
            world.count("refetch")
        case "notifications/cancelled": break
        case let other: world.violated("\(name) hears \(other ?? "a response")")
        }
    }

    // MARK: Verdict

    /// - Parameter written: what its server has written to the connections of its GET streams.
    /// - Parameter isWhole: the end of what was written must be there too. Else the session has ended, perhaps before
    ///   the client could be told what is missing.
    func judge(_ written: [Int], isWhole: Bool) {
        var last = 0
        var missing: [Int] = []
        /// The client knows that something behind `last` may be missing.
        var isExcused = false
        var hasBegunAnew = false
        let isToldLost = items.contains { if case .refetch = $0 { true } else { false } }
        let scenario = conversation.client.simulation.scenario
        let mayRepeat = scenario.crashesNodes || scenario.cutsStore || scenario.partitions
        for item in items {
            switch item {
            case .place(let place):
                // Where the node that gave the client its last messages is gone or cannot be asked, another one may
                // not know of them; a client that says where it was is told that this is lost.
                if mayRepeat, hasBegunAnew || isToldLost, place <= last {
                    world.count("heard again")
                } else {
                    world.expect(place > last, "\(name) hears message \(place) after message \(last): \(text)")
                }
                if !isExcused { missing += written.filter { $0 > last && $0 < place } }
                last = max(last, place)
                isExcused = false
                if place >= last { hasBegunAnew = false }
            case .refetch, .anew:
                if case .anew = item { hasBegunAnew = true }
                // Also for what was missing before: what is read again now shows it.
                missing = []
                isExcused = true
            }
        }
        guard isWhole else { return }
        if !isExcused { missing += written.filter { $0 > last } }
        world.expect(missing.isEmpty, "\(name) lacks \(missing), and was not told that something is missing: \(text)")
    }

    func hasHeard(_ place: Int) -> Bool {
        items.contains { if case .place(place) = $0 { true } else { false } }
    }

    /// What it has heard, for the text of a failure.
    var text: String {
        items.map { item in
            switch item {
            case .place(let place): "\(place)"
            case .refetch: "refetch"
            case .anew: "anew"
            }
        }.joined(separator: " ")
    }
}
