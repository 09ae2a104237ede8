// Bus cases: order, bytes and sizes.
internal import NIOCore
internal import TransportAPI

extension BusCases {
    private static let topic = Subject.topic("conformance.order")
    /// Of every bus, as the contract says.
    private static let envelopeBytesLeast = 256 * 1024

    static func orderOfOnePublisher(_ stage: Stage) async throws {
        let count = 2_000
        let near = try await stage.listen(0, to: topic)
        let far = try await stage.listen(1, to: topic)
        let publisher = stage.loop(0)
        let bus = try stage.bus(0)
        try await publisher.submit {
            for number in 0..<count { try bus.publish(.numbered(number), to: topic) }
        }.get()
        for (listener, place) in [(near, "the publisher itself"), (far, "another member")] {
            try await stage.heard(count, by: listener, place)
            try expect(listener.seen.numbers == Array(0..<count), "\(place) heard \(count) envelopes, but not in order")
        }
    }

    static func orderOfManyThreads(_ stage: Stage) async throws {
        let count = 500
        let listener = try await stage.listen(2, to: topic)
        let bus = try stage.bus(0)
        let loops = stage.cluster.loops
        let runs = loops.enumerated().map { index, loop in
            loop.submit {
                for number in 0..<count { try bus.publish(.numbered(index * count + number), to: topic) }
            }
        }
        for run in runs { try await run.get() }
        try await stage.heard(count * loops.count, by: listener, "several threads")
        let numbers = listener.seen.numbers
        try expectEqual(numbers.count, count * loops.count, "envelopes of all threads")
        for index in loops.indices {
            let own = numbers.filter { $0 / count == index }
            try expect(own == Array(index * count..<(index + 1) * count), "thread \(index) was not heard in order")
        }
    }

    static func bytesSurvive(_ stage: Stage) async throws {
        let all = ByteBuffer(bytes: UInt8.min...UInt8.max)
        // A reader index that is not 0 must not let bytes before it through.
        var later = ByteBuffer(string: "hidden.shown")
        later.moveReaderIndex(forwardBy: 7)
        let envelopes = [
            Envelope(header: ByteBuffer()), Envelope(header: all), Envelope(header: ByteBuffer(), body: all),
            Envelope(header: all, body: all), Envelope(header: later, body: later),
            Envelope(header: ByteBuffer(string: "\r\n\r\n"), body: ByteBuffer(string: "0\r\n\r\n")),
            Envelope(header: ByteBuffer(repeating: 0, count: 1_024), body: ByteBuffer(repeating: 0xFF, count: 70_000)),
        ]
        for place in [0, 1] {
            let inbox = Subject.inbox(stage.member(place))
            let listener = try await stage.listen(place, to: inbox)
            for envelope in envelopes { try stage.bus(0).publish(envelope, to: inbox) }
            try await stage.heard(envelopes.count, by: listener, "member \(place)")
            for (index, (seen, sent)) in zip(listener.seen.envelopes, envelopes).enumerated() {
                try expect(seen == sent, "envelope \(index) reached member \(place) changed")
            }
        }
    }

    static func maximumArrives(_ stage: Stage) async throws {
        let inbox = Subject.inbox(stage.member(1))
        let listener = try await stage.listen(1, to: inbox, capacity: .init(envelopes: 10, bytes: .max))
        let most = try stage.bus(0).envelopeBytesMax
        try expect(most >= envelopeBytesLeast, "envelopeBytesMax is \(most), below 256 KiB")
        let header = ByteBuffer(repeating: 0x68, count: 1_000)
        let envelopes = [
            Envelope(header: header, body: ByteBuffer(repeating: 0x62, count: most - header.readableBytes)),
            Envelope(header: ByteBuffer(), body: ByteBuffer(repeating: 0x63, count: most)),
        ]
        for envelope in envelopes { try stage.bus(0).publish(envelope, to: inbox) }
        try await stage.heard(envelopes.count, by: listener, "the greatest size")
        try expect(listener.seen.envelopes == envelopes, "an envelope of the greatest size arrived changed")
    }

    static func tooLargeIsRefused(_ stage: Stage) async throws {
        let inbox = Subject.inbox(stage.member(1))
        let listener = try await stage.listen(1, to: inbox)
        let bus = try stage.bus(0)
        let most = bus.envelopeBytesMax
        let sizes = [(header: 1, body: most), (header: most, body: 1), (header: 0, body: most + 1)]
        for (header, body) in sizes {
            let envelope = Envelope(
                header: ByteBuffer(repeating: 0x68, count: header), body: ByteBuffer(repeating: 0x62, count: body))
            let error = try await expectError([.tooLarge], "publishing \(most + 1) bytes") {
                try bus.publish(envelope, to: inbox)
            }
            try expectEqual(error.delivery, .notDelivered, "publishing \(most + 1) bytes")
        }
        try bus.publish(.numbered(1), to: inbox)
        try await stage.heard(1, by: listener, "a small envelope afterwards")
        try expectEqual(listener.seen.numbers, [1], "envelopes after refused ones")
    }
}
