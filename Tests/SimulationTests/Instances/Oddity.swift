// What a hostile server says beside what it should: nothing of it is the response to a call, and nothing of it may cost
// a client the response, or bring it a second one.

/// One event that is not what it should be.
enum Oddity: CaseIterable {
    case noJSON
    /// Named like the event that tells clients of 2024-11-05 where to post.
    case endpoint
    /// Nested deeper than a gateway reads.
    case deepNotification
    /// So large that it comes in pieces, which are held until it is whole.
    case largeNotification
    /// Responses to what nobody has asked: under another id, under the right one as a text, under none.
    case otherID, textID, noID
    /// Nested too deep: it cannot be given an id of the gateway's own, so that no client may see it.
    case deepQuestion

    /// What may come on a stream that belongs to no call.
    static let ofSessions: [Oddity] = [.noJSON, .endpoint, .deepNotification, .largeNotification, .deepQuestion]

    var eventName: String { self == .endpoint ? "endpoint" : "message" }

    var isResponse: Bool {
        switch self {
        case .otherID, .textID, .noID: true
        default: false
        }
    }

    /// - Parameters:
    ///   - call: whose stream it is, or "get".
    ///   - id: of the call; of a question the raw one that it is asked under.
    func text(mark: String, call: String, place: Int, id: String) -> String {
        let extra = self == .largeNotification ? Payload.large : Payload.deep
        return switch self {
        case .noJSON: "no JSON: " + Payload.marks(mark: mark, call: call, place: place)
        case .endpoint: "/elsewhere?" + Payload.marks(mark: mark, call: call, place: place)
        case .deepNotification, .largeNotification:
            call == "get"
                ? Payload.message(mark: mark, place: place, extra: extra)
                : Payload.progress(mark: mark, call: call, place: place, extra: extra)
        case .otherID: Payload.result("1000\(id)", mark: mark, call: call, place: place)
        case .textID: Payload.result("\"\(id)\"", mark: mark, call: call, place: place)
        case .noID: Payload.result("null", mark: mark, call: call, place: place)
        case .deepQuestion: Payload.question(id, mark: mark, call: call, place: place, extra: extra)
        }
    }
}

extension CallScript {
    /// Its server says what it should not, and perhaps nothing behind it.
    mutating func makeHostile(_ random: inout Generator) {
        guard !isJSON, random.chance(50) else { return }
        hasDeepResult = random.chance(20)
        for _ in 0..<random.within(1...3) {
            let place = random.below(steps.count + 1)
            if let oddity = random.pick(Oddity.allCases) { steps.insert(.odd(oddity), at: place) }
        }
        guard random.chance(30), let last = random.pick(Oddity.allCases) else { return }
        steps.append(.odd(last))
        endsUnanswered = true
    }
}
