// The tree as a whole: what stands at the top, paths that exist on one machine only, links that lead nowhere, the
// targets of the Makefile.
import Testing

enum Tree {
    static let topLevel: Set<String> = [
        ".ci", ".gitignore", "CONTRIBUTING.md", "LICENSE", "Makefile", "Package.swift", "Plugins", "README.md",
        "Sources", "Tests", "config", "deploy",
    ]

    /// Places of one developer's machine. Put together so that this file does not find itself.
    private static let machinePaths = ["/" + "work/", "/" + "root/", "/" + "home/", "/" + "Users/", "/" + "opt/swift"]

    static func machinePaths(_ file: TextFile) -> [Violation] {
        file.lines.enumerated().flatMap { index, line in
            machinePaths.filter { line.contains($0) }.map {
                Violation(path: file.path, line: index + 1, text: "names a path of one machine, under \($0)")
            }
        }
    }

    // MARK: Makefile

    /// Targets without `## what it is for`, or that are missing in `.PHONY`.
    static func targets(_ makefile: TextFile) -> [Violation] {
        let phony = Set(
            makefile.lines.filter { $0.hasPrefix(".PHONY:") }.flatMap { $0.dropFirst(7).split(separator: " ") })
        return makefile.lines.enumerated().flatMap { index, line -> [Violation] in
            guard let colon = line.firstIndex(of: ":"), line.first?.isLetter == true else { return [] }
            let name = line[..<colon]
            guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }), !line[colon...].hasPrefix(":=")
            else { return [] }
            var found: [String] = []
            if !line.contains(" ## ") { found.append("the target \(name) does not say what it is for: ## text") }
            if !phony.contains(name) { found.append("the target \(name) is missing in .PHONY") }
            return found.map { Violation(path: makefile.path, line: index + 1, text: $0) }
        }
    }

    // MARK: Links

    /// Links of a Markdown file to files that are not there. `exists` gets paths relative to the project's root;
    /// `pages` are the names that DocC's `<doc:Name>` may have.
    static func deadLinks(_ file: TextFile, pages: Set<String>, exists: (String) -> Bool) -> [Violation] {
        let folder = file.path.split(separator: "/").dropLast().map(String.init)
        var isCode = false
        return file.lines.enumerated().flatMap { index, line -> [Violation] in
            if line.hasPrefix("```") { isCode.toggle() }
            if isCode { return [] }
            let dead = targets(of: line).filter { target in
                resolve(target, in: folder).map { !exists($0) } ?? true
            }
            return (dead + documents(of: line).filter { !pages.contains($0) }).map {
                Violation(path: file.path, line: index + 1, text: "links to \($0), which does not exist")
            }
        }
    }

    /// The targets of `[text](target)` that are files of this project.
    private static func targets(of line: String) -> [String] {
        line.components("](").dropFirst().compactMap { rest in
            let target = rest.prefix { $0 != ")" && $0 != " " && $0 != "#" }
            guard !target.isEmpty, !target.contains("://"), !target.hasPrefix("mailto:") else { return nil }
            return String(target)
        }
    }

    /// The names in DocC's `<doc:Name>`.
    private static func documents(of line: String) -> [String] {
        line.components("<doc:").dropFirst().map { String($0.prefix { $0 != ">" && $0 != "#" }) }
    }

    private static func resolve(_ target: String, in folder: [String]) -> String? {
        var parts = target.hasPrefix("/") ? [] : folder
        for part in target.split(separator: "/") where part != "." {
            if part != ".." { parts.append(String(part)) } else if parts.popLast() == nil { return nil }
        }
        return parts.joined(separator: "/")
    }
}

@Suite("Tree")
struct TreeTests {
    @Test("The top level holds nothing but what is listed")
    func topLevel() {
        report(
            Project.topLevel.filter { !Tree.topLevel.contains($0) }
                .map { Violation(path: $0, line: 0, text: "has no place at the top level") })
    }

    @Test("No file names a path of one machine")
    func machinePaths() { report(Project.files.filter(\.isOwn).flatMap(Tree.machinePaths)) }

    @Test("Every Makefile target says what it is for")
    func makefile() throws {
        let makefile = try #require(Project.file("Makefile"))
        report(Tree.targets(makefile))
        // It turns the checks on bytes from outside into undefined behaviour.
        #expect(!makefile.lines.contains { $0.contains("-Ounchecked") })
    }

    @Test("No link in a Markdown file leads nowhere")
    func links() {
        let pages = Project.files.filter { $0.kind == "md" && $0.isOwn }
        report(pages.flatMap { Tree.deadLinks($0, pages: Set(pages.map(\.stem)), exists: Project.exists) })
    }
}
