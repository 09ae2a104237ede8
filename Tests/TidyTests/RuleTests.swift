// The rules themselves: each finds what it is there to find, and does not cry at what only looks like it. Without
// these a rule that finds nothing would look like a tidy project.
import Testing

@Suite("Rules can fail")
struct RuleTests {
    private func swift(_ text: String, path: String = "Sources/GatewayCore/Example.swift") -> SwiftFile {
        SwiftFile(path: path, text)
    }

    @Test("Comments and texts are blanked, code in interpolations is not")
    func blanking() {
        let source = #"""
            let a = "x! // no" // y!
            /* z! /* inner */ w! */ let b = "\(c!) \" d!"
            """# + "\nlet e = #\"f! \" g! \\#(h!)\"#\nlet i = \"\"\"\n  j! \" k!\n  \"\"\"\nlet l = 1\n"
        let code = swift(source).code
        #expect(code.count == 7)
        #expect(code[0].identifiers == ["let", "a"])
        #expect(code[1].identifiers == ["let", "b", "c"])
        #expect(code[2].identifiers == ["let", "e", "h"])
        #expect(code[4].identifiers.isEmpty)
        #expect(code[6].identifiers == ["let", "l", "1"])
    }

    @Test("Imports are found with module and access")
    func imports() {
        let text = "internal import NIOCore\n    public import struct HTTPWire.Verb\nimport Yams\n// import X"
        let found = swift(text).imports
        #expect(found.map(\.module) == ["NIOCore", "HTTPWire", "Yams"])
        #expect(found.map(\.access) == ["internal", "public", nil])
    }

    @Test(
        "Forbidden imports are found",
        arguments: [
            ("Sources/MCPWire/Example.swift", "internal import NIOCore"),
            ("Sources/TransportAPI/Example.swift", "internal import MCPWire"),
            ("Sources/GatewayCore/Example.swift", "internal import HTTPTransport"),
            ("Sources/GatewayCore/Example.swift", "internal import Foundation"),
            ("Plugins/HTTPTransport/Example.swift", "internal import GatewayCore"),
            ("Plugins/HTTPTransport/HTTPLane.swift", "internal import NIOPosix"),
            ("Sources/GatewayConfig/Example.swift", "internal import Yams"),
            ("Sources/GatewayHTTP/Example.swift", "internal import NIOSSL"),
            ("Plugins/OtherTransport/Example.swift", "internal import TransportAPI"),
        ])
    func forbiddenImports(path: String, line: String) {
        #expect(Layers.violations(in: swift(line, path: path)).count == 1)
    }

    @Test("Allowed imports are not reported")
    func allowedImports() {
        let path = "Plugins/HTTPTransport/UpstreamConnection+Connect.swift"
        let text = "internal import NIOPosix\ninternal import NIOSSL\ninternal import Glibc"
        #expect(Layers.violations(in: swift(text, path: path)).isEmpty)
        #expect(Layers.withoutAccess(swift("import Yams")).count == 1)
    }

    @Test("Functions are measured from their first line to their closing brace")
    func functions() {
        let body = String(repeating: "    x += 1\n", count: 69)
        let long = swift("protocol P {\n    func a(_ b: Int) -> (any Q)?\n    init(c: Int)\n}\nfunc d() {\n\(body)}\n")
        #expect(long.functions.map(\.name) == ["d"])
        #expect(long.functions.map(\.lineCount) == [71])
        #expect(Sizes.functionLengths(long) == [Violation(
            path: "Sources/GatewayCore/Example.swift", line: 5, text: "d has 71 lines, above 70")])
        let nested = swift("init(a: Int = { 1 }()) {\n    func b() {\n    }\n    self.init(c)\n}\n")
        #expect(nested.functions.map(\.name) == ["init", "b"])
        #expect(nested.functions.map(\.lineCount) == [5, 2])
    }

    @Test("Files and lines are measured")
    func sizes() {
        let path = "Sources/GatewayCore/Example.swift"
        #expect(Sizes.fileLength(TextFile(path: path, String(repeating: "\n", count: 300))).isEmpty)
        #expect(Sizes.fileLength(TextFile(path: path, String(repeating: "\n", count: 301))).count == 1)
        #expect(Sizes.fileLength(TextFile(path: path, String(repeating: "\n", count: 401))).count == 1)
        #expect(Sizes.lineLengths(TextFile(path: path, String(repeating: "é", count: 120) + "\r\n")).count == 1)
        #expect(Sizes.lineLengths(TextFile(path: path, String(repeating: "é", count: 120) + "\n")).isEmpty)
    }

    @Test(
        "Names are taken apart into words",
        arguments: [
            ("HTTPUpstreamGroup", ["http", "upstream", "group"]), ("Base64URL", ["base64", "url"]),
            ("SessionDataInfo", ["session", "data", "info"]), ("Database", ["database"]),
            ("raw_data", ["raw", "data"]), ("UpstreamConnection+Connect", ["upstream", "connection", "connect"]),
        ])
    func nameWords(name: String, words: [String]) { #expect(name.nameWords == words) }

    @Test("Banned words are found in types, functions and paths")
    func names() {
        #expect(Names.types(swift("final class SessionManager {}\nstruct Base64 {}")).count == 1)
        #expect(Names.functions(swift("func processRequest() {\n}\nfunc handleClosed() {\n}")).count == 1)
        #expect(Names.path("Sources/GatewayCore/Utils/Example.swift").count == 1)
        #expect(Names.path("Sources/MCPWire/Base64.swift").isEmpty)
        #expect(Names.mainType(swift("struct Other {}")).count == 1)
        #expect(Names.mainType(swift("extension Example {}", path: "Sources/A/Example+B.swift")).isEmpty)
    }

    @Test(
        "Forced values are found",
        arguments: ["a!", "try! b()", "c as! D", "e()!.f", "var g: Int!", "h[0]!", "fatalError()", "unsafeBitCast(i)"])
    func traps(line: String) { #expect(Safety.traps(swift(line)).count == 1) }

    @Test("What only looks like a forced value is not", arguments: ["a != b", "!c", "if !d, !(e) {}", "#\"f!\"#"])
    func noTraps(line: String) { #expect(Safety.traps(swift(line)).isEmpty) }

    @Test("Notes, machine paths and missing openings are found")
    func texts() {
        let path = "Sources/GatewayCore/Example.swift"
        #expect(Safety.notes(TextFile(path: path, "// " + "TO" + "DO: later")).count == 1)
        #expect(Tree.machinePaths(TextFile(path: path, "x = \"/" + "home/me/x\"")).count == 1)
        #expect(Comments.opening(TextFile(path: path, "import A\n// What it is, in one sentence.")).count == 1)
        #expect(Comments.opening(TextFile(path: path, "// What it is, in one sentence.\n")).isEmpty)
        #expect(Comments.opening(TextFile(path: "a.sh", "#!/bin/sh\n# What it is, in one sentence.\n")).isEmpty)
        #expect(Metrics.elsewhere(TextFile(path: path, "let a = \"patchbay_things_total\"")).count == 1)
        #expect(Metrics.elsewhere(TextFile(path: path, "let a = \"a patchbay_thing\"")).isEmpty)
    }

    @Test("Makefile targets without a text are found")
    func makefile() {
        let text = ".PHONY: a b\na: ## Says it\nb:\nc: ## Not phony\nSWIFT := swift\nX ?= y\n\techo d:\n"
        #expect(Tree.targets(TextFile(path: "Makefile", text)).map(\.line) == [3, 4])
    }

    @Test("Dead links are found, from the folder of the page")
    func links() {
        let text = "[a](b.md) [c](../d.md#e) [f](https://g) <doc:H>\n```\n[i](j.md)\n```\n[k](#l) <doc:M>"
        let found = Tree.deadLinks(TextFile(path: "docs/page.md", text), pages: ["H"]) { $0 == "docs/b.md" }
        #expect(found.map(\.line) == [1, 5])
        #expect(found.first?.text == "links to ../d.md, which does not exist")
    }
}
