// Method names, retry classes and revisions: the small tables that routing rests on.

import MCPWire
import Testing

@Suite struct MethodTests {
    private func method(_ contents: String) throws -> Method {
        try Scanned(#"{"jsonrpc":"2.0","id":1,"method":"\#(contents)"}"#).message.knownMethod
    }

    @Test func namesDecodeToTheirMethods() throws {
        for known in Method.allCases where ![.other, .otherNotification, .none].contains(known) {
            #expect(try method(known.name) == known)
            #expect(try method(DuplicateMemberTests.escaped(known.name, at: known.name.utf8.count - 1)) == known)
            #expect(try method(known.name.replacing("/", with: #"\/"#)) == known)
        }
        #expect(Set(Method.allCases.map(\.name)).count == Method.allCases.count)
    }

    @Test(arguments: [
        "Ping", "ping ", " ping", "pin", "pingg", "tools/calls", "tools/Call", "tools", "tools/", "rpc.discover",
        "notifications", "Notifications/message", "notification/x", #"\ud83d"#, "to\u{17F}ls/call", "x",
        #"tools\u0000/call"#, "initialized", "none", "other",
    ])
    func nearMissesAreOther(name: String) throws {
        #expect(try method(name) == .other)
    }

    @Test(arguments: [
        "notifications/", "notifications/x", "notifications/Message", "notifications/cancelled2",
        #"notif\u0069cations\/tools/list_changed"#, "notifications/tasks/status", "notifications/other",
    ])
    func unknownNotificationsAreCounted(name: String) throws {
        #expect(try method(name) == .otherNotification)
    }

    @Test func answersHaveNoMethod() throws {
        #expect(try Scanned(#"{"jsonrpc":"2.0","id":1,"result":{}}"#).message.knownMethod == .none)
    }

    @Test func retryClasses() {
        let classes: [RetryClass: [Method]] = [
            .sessionCreation: [.initialize],
            .sideEffect: [
                .toolsCall, .tasksUpdate, .samplingCreateMessage, .elicitationCreate, .rootsList, .other, .none,
            ],
            .notification: [
                .initialized, .cancelled, .progress, .rootsListChanged, .message, .otherNotification,
            ],
            .read: [
                .ping, .discover, .toolsList, .promptsList, .promptsGet, .resourcesList, .resourceTemplatesList,
                .resourcesRead, .resourcesSubscribe, .resourcesUnsubscribe, .completionComplete, .loggingSetLevel,
                .subscriptionsListen, .tasksGet, .tasksResult, .tasksList, .tasksCancel,
            ],
        ]
        for (retryClass, methods) in classes {
            for method in methods { #expect(method.retryClass == retryClass, "\(method)") }
        }
        #expect(classes.values.map(\.count).reduce(0, +) == Method.allCases.count)
    }
}

@Suite struct RevisionTests {
    @Test func textsRoundTrip() {
        for revision in Revision.allCases {
            #expect(withExactBytes(revision.text) { Revision(bytes: $0) } == revision)
        }
        for text in ["", "2025-06-1", "2025-06-18 ", "2025-06-19", "2025-6-18", "draft", "DRAFT-2026-v1"] {
            #expect(withExactBytes(text) { Revision(bytes: $0) } == nil)
        }
    }

    @Test(arguments: [
        (Revision.v2024_11_05, "----"), (.v2025_03_26, "b-s-"), (.v2025_06_18, "-vs-"), (.v2025_11_25, "-vsp"),
        (.v2026_07_28, "-v--"),
    ])
    func properties(revision: Revision, expected: String) {
        let found = [
            revision.allowsBatch ? "b" : "-", revision.hasVersionHeader ? "v" : "-",
            revision.hasSessionHeader ? "s" : "-", revision.primesStreams ? "p" : "-",
        ]
        #expect(found.joined() == expected)
        #expect(revision.isStateless == (revision == .v2026_07_28))
        #expect(revision.hasMirroredHeaders == revision.isStateless)
    }

    @Test func areOrderedByDate() {
        #expect(Revision.allCases == Revision.allCases.sorted { $0.text < $1.text })
        #expect(Revision.v2024_11_05 < .v2026_07_28)
    }
}
