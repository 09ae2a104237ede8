// The strict reader with a schema of its own, as a plugin would use it, and the small parts under it.

import Testing

@testable import GatewayConfig

@Suite struct ConfigNodeTests {
    private enum Colour: String, CaseIterable { case red, green }

    /// Reads a text with a reader; what was read is recorded and reported as for the gateway's own keys.
    private func read(_ text: String, _ body: (ConfigNode) -> Void) throws -> (EffectiveValues, [String]) {
        let document = try YAMLDocument.parse(text, file: "p.yaml")
        let references = ReferenceResolver(file: "p.yaml", environment: [:]) { _ in "" }
        let session = DecodingSession(references: references, origin: document.origin)
        body(ConfigNode(root: document, session: session))
        session.reportUnknownKeys()
        return (session.values, session.sortedDiagnostics().map(\.description))
    }

    @Test func aSchemaIsWhatIsAskedFor() throws {
        var colour = Colour.green
        var wait = Duration.seconds(9)
        let (values, found) = try read("nats: {colour: red, urls: x, wiat: 1s}") { root in
            let section = root.section("nats")
            section.read("colour", .choice, into: &colour)
            section.read("wait", .duration(from: .zero, to: .seconds(10)), into: &wait)
            #expect(section.path == "nats")
            #expect(section.isSet("colour") && !section.isSet("wait"))
        }
        #expect(colour == .red)
        #expect(wait == .seconds(9))
        #expect(values.keys(of: 1) == ["colour", "wait"])
        #expect(found == [
            "p.yaml:1:21: error: unknown key 'urls' in nats",
            "p.yaml:1:30: error: unknown key 'wiat' in nats; did you mean 'wait'?",
        ])
    }

    @Test func requiredKeysAreReportedUnlessMisspelt() throws {
        let reader = { (root: ConfigNode) in _ = root.require("name", .name) }
        let missing = "p.yaml:1:1: error: the configuration has no 'name'; add a name such as main"
        #expect(try read("{}", reader).1 == [missing])
        #expect(try read("nmae: a", reader).1.count == 1)
        #expect(try read("nmae: a", reader).1[0].contains("did you mean 'name'?"))
    }

    @Test func skippedMappingsAreLeftAlone() throws {
        #expect(try read("a: {b: 1, c: 2}") { $0.section("a").skipUnread() }.1 == [])
    }

    @Test func listsAreBounded() throws {
        var values = ["kept"]
        let (_, found) = try read("a: [x, y, z]") { $0.readList("a", of: .name, atMost: 2, into: &values) }
        #expect(values == ["kept"])
        #expect(found == ["p.yaml:1:4: error: a has 3 entries; at most 2 are allowed"])
    }

    @Test func diagnosticsAreBounded() throws {
        let lines = (0..<5000).map { "key\($0): \($0)\n" }.joined()
        let (_, found) = try read(lines) { _ in }
        #expect(found.count == ConfigBounds.diagnostics + 1)
        #expect(found.last == "p.yaml: error: 4900 more are not shown")
    }

    @Test func deepNestingIsRefused() {
        for text in [
            String(repeating: "[", count: 100_000), String(repeating: "{a: ", count: 100_000),
            String(repeating: "- ", count: 100_000),
            (0..<3000).map { String(repeating: " ", count: $0) + "a:\n" }.joined(),
        ].map({ String($0.prefix(1_000_000)) }) {
            #expect(throws: ConfigError.self) { try YAMLDocument.parse(text, file: "deep.yaml") }
        }
    }

    @Test func longTextsAreRefused() {
        let text = String(repeating: "#", count: ConfigBounds.fileBytes + 1)
        #expect(throws: ConfigError.self) { try YAMLDocument.parse(text, file: "long.yaml") }
    }

    @Test func lineEndsAndMarksOfOtherSystems() throws {
        let text = "\u{FEFF}a: 1\r\nb: 2\r\n"
        var value = 0
        let (_, found) = try read(text) { $0.read("a", .integer(in: 0...9), into: &value) }
        #expect(value == 1)
        #expect(found == ["p.yaml:2:1: error: unknown key 'b' at the top level"])
    }

    @Test(arguments: [
        ("0s", 0), ("1ms", 1), ("999ms", 999), ("1s", 1000), ("90s", 90_000), ("1m", 60_000), ("90m", 5_400_000),
        ("1h", 3_600_000), ("25h", 90_000_000),
    ])
    func durationsReadBack(_ text: String, _ milliseconds: Int) throws {
        #expect(Quantity.duration(.milliseconds(milliseconds)) == text)
        let scalar = ConfigScalar(written: text, style: .plain, resolved: ResolvedText(text: text))
        let kind = ValueKind.duration(from: .zero, to: .seconds(1_000_000))
        #expect(try kind.parse(scalar) == .milliseconds(milliseconds))
    }

    @Test(arguments: [
        (0, "0"), (1, "1"), (1023, "1023"), (1024, "1KiB"), (1536, "1536"), (4 << 20, "4MiB"), (3 << 30, "3GiB"),
    ])
    func sizesReadBack(_ bytes: Int, _ text: String) throws {
        #expect(Quantity.size(bytes) == text)
        let scalar = ConfigScalar(written: text, style: .plain, resolved: ResolvedText(text: text))
        #expect(try ValueKind.size(in: 0...Int.max).parse(scalar) == bytes)
    }

    @Test(arguments: [
        ("", ConfigScalar.Form.null), ("~", .null), ("null", .null), ("true", .boolean), ("FALSE", .boolean),
        ("0", .number), ("-5", .number), ("1.5e3", .number), (".inf", .number), ("0x1F", .number), ("yes", .text),
        ("127.0.0.1", .text), ("1_000", .text), ("30s", .text), ("-", .text), ("nan", .text), ("1 2", .text),
    ])
    func plainScalarsAreTyped(_ text: String, _ form: ConfigScalar.Form) {
        #expect(ConfigScalar.form(ofPlain: text) == form)
    }

    @Test(arguments: [
        ("instance", "instances"), ("drain-timeout", "drain_timeout"), ("drainTimeout", "drain_timeout"),
        ("nmae", "name"), ("NAME", "name"), ("intsances", "instances"), ("warn", nil), ("x", nil), ("", nil),
        ("upstream", nil), (String(repeating: "n", count: 100), nil),
    ])
    func suggestions(_ word: String, _ expected: String?) {
        #expect(Suggestion.nearest(to: word, among: ["name", "instances", "drain_timeout"]) == expected)
    }

    @Test func distanceCountsSwapsOnce() {
        let distance = { (first: String, second: String) in
            Suggestion.distance(from: Array(first.unicodeScalars), to: Array(second.unicodeScalars))
        }
        #expect(distance("abc", "abc") == 0)
        #expect(distance("abc", "acb") == 1)
        #expect(distance("abc", "") == 3)
        #expect(distance("kitten", "sitting") == 3)
    }

    @Test(arguments: [
        "", "a b", "true", "12", "#x", "- x", "a: b", "\"\\", "\u{7}\n", "ü", "${x", "null", "'", "\u{2028}",
    ])
    func printedScalarsReadBack(_ text: String) throws {
        let document = try YAMLDocument.parse("a: \(EffectiveYAML.scalar(text))", file: "x.yaml")
        guard case .scalar(let read, let style)? = document["a"]?.content else {
            Issue.record("not a scalar")
            return
        }
        #expect(read == text)
        #expect(ConfigScalar(written: read, style: style, resolved: ResolvedText(text: read)).isText)
    }
}
