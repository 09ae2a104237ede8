// Finds the `Method` for the bytes of a method name. The message scanner calls it once per message; a name without
// escapes is decided by its length and at most four comparisons. It does not judge whether a method is allowed.

extension Method {
    private static let notificationPrefix: StaticString = "notifications/"

    /// The method with these raw string contents; never `.none`.
    ///
    /// - Parameter isEscaped: whether the contents hold a backslash, which takes the slower path through the decoder.
    init(raw: UnsafeRawBufferPointer, isEscaped: Bool) {
        let known = isEscaped ? Self.decoded(raw) : Self.exact(raw)
        self = known ?? (Self.isNotification(raw) ? .otherNotification : .other)
    }

    private static func exact(_ raw: UnsafeRawBufferPointer) -> Method? {
        switch raw.count {
        case 4: pick(raw, .ping)
        case 9: pick(raw, .tasksGet)
        case 10: pick(raw, .toolsCall, .toolsList, .initialize, .tasksList) ?? pick(raw, .rootsList)
        case 11: pick(raw, .promptsGet)
        case 12: pick(raw, .promptsList, .tasksResult, .tasksCancel, .tasksUpdate)
        case 14: pick(raw, .resourcesRead, .resourcesList)
        case 15: pick(raw, .discover)
        case 16: pick(raw, .loggingSetLevel)
        case 18: pick(raw, .elicitationCreate)
        case 19: pick(raw, .completionComplete, .resourcesSubscribe)
        case 20: pick(raw, .subscriptionsListen)
        case 21: pick(raw, .message, .resourcesUnsubscribe)
        case 22: pick(raw, .progress, .samplingCreateMessage)
        case 23: pick(raw, .cancelled)
        case 24: pick(raw, .resourceTemplatesList)
        case 25: pick(raw, .initialized)
        case 32: pick(raw, .rootsListChanged)
        default: nil
        }
    }

    private static func pick(
        _ raw: UnsafeRawBufferPointer, _ first: Method, _ second: Method = .none, _ third: Method = .none,
        _ fourth: Method = .none
    ) -> Method? {
        if raw.holds(first.wireName) { return first }
        if second != .none, raw.holds(second.wireName) { return second }
        if third != .none, raw.holds(third.wireName) { return third }
        if fourth != .none, raw.holds(fourth.wireName) { return fourth }
        return nil
    }

    private static func decoded(_ raw: UnsafeRawBufferPointer) -> Method? {
        for number in 0..<Method.otherNotification.rawValue {
            if let method = Method(rawValue: number), JSONString.equals(raw, method.wireName) { return method }
        }
        return nil
    }

    private static func isNotification(_ raw: UnsafeRawBufferPointer) -> Bool {
        var decoded = DecodedBytes(raw)
        let prefix = UnsafeBufferPointer(
            start: notificationPrefix.utf8Start, count: notificationPrefix.utf8CodeUnitCount)
        for byte in prefix where decoded.next() != byte { return false }
        return true
    }
}
