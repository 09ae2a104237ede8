// Words that say nothing are not used in the names of types and files: whoever needs one has not found the noun yet.
import Testing

enum Names {
    static let banned: Set<String> = [
        "manager", "managers", "helper", "helpers", "util", "utils", "utility", "utilities", "common", "base",
        "wrapper", "wrappers", "data", "info", "misc",
    ]

    static func types(_ file: SwiftFile) -> [Violation] {
        file.types.flatMap { type in
            type.name.nameWords.filter { banned.contains($0) }.map {
                Violation(path: file.file.path, line: type.line, text: "the type \(type.name) has '\($0)' in its name")
            }
        }
    }

    /// A process is a program that runs, never what a function does; and whoever handles should say what.
    static func functions(_ file: SwiftFile) -> [Violation] {
        file.functions.filter { $0.name.nameWords.first == "process" || $0.name == "handle" }.map {
            Violation(path: file.file.path, line: $0.line, text: "the name \($0.name) does not say what it does")
        }
    }

    static func path(_ path: String) -> [Violation] {
        let words = path.split(separator: "/").flatMap { String($0.prefix { $0 != "." }).nameWords }
        return words.filter { banned.contains($0) }.map {
            Violation(path: path, line: 0, text: "'\($0)' stands in the name of the file or its folder")
        }
    }

    /// Files that are named after their topic instead of a type, each with the reason.
    static let topics: [String: String] = [
        "Sources/MCPWire/Comparing.swift": "extensions of a buffer type that is not ours",
        "Sources/patchbay/System.swift": "what is asked of the operating system, as five very small enums",
    ]

    /// The file is named after its main type, `Type.swift` or `Type+Topic.swift`.
    static func mainType(_ file: SwiftFile) -> [Violation] {
        let words = Set(file.code.flatMap(\.identifiers))
        if words.contains(file.file.stem) || topics[file.file.path] != nil { return [] }
        return [Violation(path: file.file.path, line: 0, text: "nothing in it is called \(file.file.stem)")]
    }
}

@Suite("Names")
struct NameTests {
    @Test("No type has a banned word in its name")
    func types() { report(Project.swiftFiles.flatMap(Names.types)) }

    @Test("No function is called process or handle")
    func functions() { report(Project.swiftFiles.flatMap(Names.functions)) }

    @Test("No file or folder has a banned word in its name")
    func files() { report(Project.files.filter(\.isOwn).flatMap { Names.path($0.path) }) }

    @Test("A file of the product is named after something in it")
    func mainTypes() { report(Project.productFiles.flatMap(Names.mainType)) }
}
