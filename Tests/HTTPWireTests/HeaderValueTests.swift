// Comma lists, media types and `Accept` lines.
import HTTPWire
import Testing

@Suite struct HeaderValueTests {
    @Test func listItems() {
        for (value, expected) in [
            ("", []), (" ", []), (",", []), (" ,\t, ", []), ("a", ["a"]), (" a ", ["a"]), ("a,b", ["a", "b"]),
            ("a, b ,\tc\t", ["a", "b", "c"]), (",a,,b,", ["a", "b"]), ("a b, c", ["a b", "c"]),
            ("ä,\"b", ["ä", "\"b"]),
            ("\"a,b\"", ["\"a", "b\""]),
        ] as [(String, [String])] {
            var items: [String] = []
            withExactBytes(Array(value.utf8)) { bytes in
                HeaderList.forEach(bytes) { items.append(String(decoding: $0, as: UTF8.self)) }
            }
            #expect(items == expected, "'\(value)'")
        }
        HeaderList.forEach(UnsafeRawBufferPointer(start: nil, count: 0)) { _ in Issue.record("there is no item") }
    }

    @Test func mediaTypes() {
        for (value, matches) in [
            ("application/json", true), ("Application/JSON", true), ("application/json; charset=utf-8", true),
            ("application/json;charset=utf-8", true), ("application/json ;a=b", true), ("application/json\t", true),
            ("application/json,", false), ("application/jsonx", false), ("application/jso", false),
            ("application/json-seq", false), ("xapplication/json", false), ("application/ json", false),
            ("application%2Fjson", false), ("text/plain; application/json", false), ("", false), (";", false),
            (" application/json", false), ("application/\u{17F}on", false), ("\"application/json\"", false),
        ] {
            withExactBytes(Array(value.utf8)) { bytes in
                #expect(MediaType.matches(bytes, "application/json") == matches, "'\(value)'")
            }
        }
        #expect(!MediaType.matches(UnsafeRawBufferPointer(start: nil, count: 0), "application/json"))
    }

    /// A shortcut must not say more than the long way.
    @Test func theUsualAcceptLine() {
        for (value, isUsual) in [
            ("application/json, text/event-stream", true), ("application/json,text/event-stream", false),
            ("application/json, text/event-stream;q=0", false), ("application/json", false), ("", false),
        ] {
            withExactBytes(Array(value.utf8)) { bytes in
                #expect(MediaType.isUsualAccept(bytes) == isUsual, "'\(value)'")
            }
        }
    }

    @Test func acceptLines() {
        for (value, isAccepted) in [
            ("application/json", true), ("application/json, text/event-stream", true), ("text/event-stream", false),
            ("text/html,application/json;q=0.9", true), ("*/*", true), ("application/*", true), ("text/*", false),
            ("*", false), ("", false), (",,", false), ("application/json;q=0", false),
            ("application/json;q=0.0", false),
            ("application/json; q=0", false), ("application/json;Q=0.000", false), ("application/json;q=0.001", true),
            ("application/json;q=1", true), ("application/json;a=q=0", true), ("application/json;q=", true),
            ("application/json;charset=utf-8;q=0", false), ("application/json\t;\tq=0", false),
            ("application/json;q=0;a=b", false), ("application/json;q=0 ;a=b", false),
            ("application/json;q=0\t", false),
            ("text/html;q=0, application/json", true), ("application/json;q=0, */*;q=0.1", true),
            ("application/jsonp", false), ("x/*, y/*;q=0", false),
        ] {
            withExactBytes(Array(value.utf8)) { bytes in
                let found = MediaType.isAccepted(bytes, "application/json", group: "application/*")
                #expect(found == isAccepted, "'\(value)'")
            }
        }
    }
}
