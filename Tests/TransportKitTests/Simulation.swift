// Two desks that ask each other while the net loses, repeats, reorders and delays. All of it follows from one seed.
import NIOCore
import TransportAPI

@testable import TransportKit

/// One run.
final class Simulation {
    /// One exchange, seen from both sides.
    final class Story {
        let number: Int
        let body: String
        let recorder = Recorder()
        var handle: (any ExchangeHandle)?
        var isPaused = false
        /// What had been heard when the caller cancelled.
        var heardAtCancel: Int?
        var heard = 0

        var answer: RelayAnswer?
        let observer = Observer()
        var served = 0
        var sent = ByteBuffer()
        var hasEnded = false
        var hasRefused = false
        var writesLeft = 0
        var heardByObserverAtEnd: Int?
        var length: Int?

        init(_ number: Int, _ body: String) {
            self.number = number
            self.body = body
        }
    }

    static var limits: RelayLimits {
        var limits = RelayLimits()
        limits.windowBytes = 4 * 1024
        limits.linesBytesMax = 64
        limits.partBytesMax = 700
        limits.acceptTimeout = .milliseconds(500)
        limits.bodyTimeout = .seconds(1)
        limits.quietInterval = .seconds(1)
        return limits
    }

    let seed: UInt64
    let pair: Pair
    var stories: [Story] = []
    var problems: [String] = []
    private var numbers: SeededNumbers

    init(seed: UInt64) {
        self.seed = seed
        numbers = SeededNumbers(seed: seed ^ 0xABCD)
        pair = Pair(seed: seed, limits: Self.limits)
        pair.net.recordsAll = false
        pair.callerBus.envelopeBytesMax = 1024
        pair.hostBus.envelopeBytesMax = 1024
        for bus in [pair.callerBus, pair.hostBus] { bus.envelopeBytesMax = number(700...2000) }
        for service in [pair.service, other] { service.hook = { [unowned self] in serve($0) } }
        pair.caller.service = other
    }

    private let other = Desk()

    private static let pattern = ByteBuffer(bytes: (0..<10_000).map { UInt8($0 % 251) })

    private func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &numbers) }
    private func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
    private func problem(_ story: Story?, _ text: String) {
        problems.append("seed \(seed), exchange \(story?.number ?? -1): \(text)")
    }

    func run() {
        pair.net.faults = drawFaults()
        for _ in 0..<number(10...40) {
            for _ in 0..<number(0...3) { act() }
            pair.net.pass(.milliseconds(Int64(number(0...400))), step: .milliseconds(100))
        }
        pair.net.faults = Faults()
        for story in stories where story.isPaused && chance(50) { story.handle?.resume() }
        for wait in [TimeAmount.seconds(4), .seconds(12)] {
            for story in stories { finish(story) }
            pair.net.pass(wait)
        }
        check()
    }

    private func drawFaults() -> Faults {
        let rates = [0.0, 0.0, 0.01, 0.05, 0.3]
        return Faults(
            loss: rates[number(0...4)], repetition: rates[number(0...4)], delay: rates[number(0...4)],
            delayMax: .milliseconds(Int64([1, 100, 3000][number(0...2)])), refusal: chance(20) ? 0.02 : 0)
    }

    // MARK: Acts

    private func act() {
        switch number(0...11) {
        case 0...2: open()
        case 3...7: stories.randomElement(using: &numbers).map(write)
        case 8: stories.randomElement(using: &numbers).map(turn)
        case 9: if chance(30) { stories.randomElement(using: &numbers).map(cancel) }
        case 10: if chance(20) { stories.randomElement(using: &numbers).map(finish) }
        default:
            if chance(20) { chance(50) ? pair.caller.interrupted() : pair.host.interrupted() }
            if chance(3) { chance(50) ? pair.caller.memberLeft(pair.hostID) : pair.host.memberLeft(pair.callerID) }
        }
    }

    private func open() {
        let number = stories.count
        // A large body now and then, of which the receiver hears when nothing of it is held.
        let count = [0, 10, 500, number % 16 == 15 ? 20_000 : 5000][self.number(0...3)]
        let story = Story(number, "\(number):" + String(repeating: "x", count: count))
        stories.append(story)
        let isOpening = Box(true)
        story.recorder.hook = { [unowned self, unowned story] event in
            if isOpening.value, event != "failed" { problem(story, "\(event) within open") }
            story.heard += 1
            if story.heardAtCancel != nil { problem(story, "\(event) after cancel") }
            if story.recorder.sent > (story.body.utf8.count > 16 * 1024 ? 1 : 0) { problem(story, "sent too often") }
            if event != "ended", event != "failed", chance(1) { cancel(story) }
        }
        let isTurned = chance(40)
        story.handle = (isTurned ? pair.host : pair.caller).open(
            .sample(story.body), at: isTurned ? pair.callerID : pair.hostID, for: story.recorder)
        isOpening.value = false
        if story.handle == nil, story.recorder.errors.count != 1 { problem(story, "no handle and no error") }
    }

    private func serve(_ asked: Desk.Asked) {
        let body = String(buffer: asked.request.body)
        guard let index = Int(body.prefix { $0 != ":" }), stories.indices.contains(index) else {
            return problem(nil, "garbled request")
        }
        let story = stories[index]
        if body != story.body { problem(story, "not the body that was sent") }
        story.served += 1
        story.answer = asked.answer
        story.observer.hook = { [unowned self, unowned story] in
            if story.heardByObserverAtEnd != nil { problem(story, "the observer hears something after the end") }
        }
        asked.answer.observer = story.observer
        if chance(10) { return refuse(story) }
        story.writesLeft = number(0...6)
        if chance(40) { write(story) }
    }

    private func refuse(_ story: Story) {
        story.hasRefused = true
        story.heardByObserverAtEnd = 0
        story.answer?.refuse(TransportError(.refused, .notDelivered, "not served"))
    }

    private func write(_ story: Story) {
        guard let answer = story.answer, !story.hasEnded, !story.hasRefused, story.observer.left == 0 else { return }
        if story.sent.readableBytes == 0, story.length == nil {
            if chance(30) { story.length = number(0...9000) }
            answer.begin(status: 200, lines: ByteBuffer(string: "n: \(story.number)\r\n"), length: story.length)
        }
        for _ in 0..<number(1...3) where story.observer.writable.last != false {
            let left = story.length.map { $0 - story.sent.readableBytes } ?? .max
            send(min(left, number(0...3000)), story, answer)
            if chance(70) { answer.flush() }
        }
        story.writesLeft -= 1
        if story.writesLeft <= 0 { finish(story) }
    }

    /// The next bytes of a pattern that does not repeat soon.
    private func send(_ count: Int, _ story: Story, _ answer: RelayAnswer) {
        let start = story.sent.readableBytes % 251
        guard let bytes = Self.pattern.getSlice(at: start, length: count) else { return }
        story.sent.writeImmutableBuffer(bytes)
        answer.write(bytes)
    }

    private func finish(_ story: Story) {
        guard let answer = story.answer, !story.hasEnded, !story.hasRefused else { return }
        if story.sent.readableBytes == 0, story.length == nil {
            answer.begin(status: 204, lines: ByteBuffer(), length: 0)
            story.length = 0
        }
        if let length = story.length, story.sent.readableBytes < length {
            send(length - story.sent.readableBytes, story, answer)
        }
        story.hasEnded = true
        story.heardByObserverAtEnd = 0
        chance(90) ? answer.end() : answer.abort()
    }

    private func turn(_ story: Story) {
        guard !story.recorder.isOver, story.heardAtCancel == nil else { return }
        story.isPaused.toggle()
        story.isPaused ? story.handle?.pause() : story.handle?.resume()
    }

    private func cancel(_ story: Story) {
        guard let handle = story.handle, !story.recorder.isOver, story.heardAtCancel == nil else { return }
        handle.cancel()
        story.heardAtCancel = story.heard
    }

    // MARK: What must hold

    private func check() {
        for story in stories {
            let recorder = story.recorder
            let ends = recorder.ended + recorder.errors.count
            if ends > 1 { problem(story, "ended \(ends) times") }
            if ends == 0, story.heardAtCancel == nil { problem(story, "never ended") }
            if story.served > 1 { problem(story, "served \(story.served) times") }
            if !recorder.isPrefix(of: story.sent) { problem(story, "bytes that were not sent") }
            if recorder.ended == 1, recorder.body != story.sent { problem(story, "ended, but not complete") }
            if recorder.errors.first?.delivery == .notDelivered, story.served > 0, !story.hasRefused {
                problem(story, "served, but not delivered: \(recorder.errors[0])")
            }
            if story.observer.left > 1 { problem(story, "the caller left \(story.observer.left) times") }
            if story.answer?.isOpen == true { problem(story, "the answer is still open") }
        }
        let left = [pair.caller.callCount, pair.caller.hostedCount, pair.host.callCount, pair.host.hostedCount]
        if left != [0, 0, 0, 0] { problem(nil, "left in the desks: \(left)") }
    }
}

/// A value that closures share.
final class Box<Value> {
    var value: Value

    init(_ value: Value) { self.value = value }
}
