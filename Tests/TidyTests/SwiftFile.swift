// A Swift file with its code at hand: the lines without texts and comments, its imports, its functions, its types.
// The rules ask it; it judges nothing.

/// A parsed Swift file.
struct SwiftFile: Sendable {
    /// `internal import struct NIOCore.ByteBuffer`: the module is `NIOCore`, the access `internal`.
    struct Import: Sendable {
        let line: Int
        let module: String
        let access: String?
    }

    struct Function: Sendable {
        let line: Int
        let name: String
        /// From the line of the keyword to the line of the closing brace.
        let lineCount: Int
    }

    struct NamedType: Sendable {
        let line: Int
        let name: String
    }

    let file: TextFile
    /// The lines with comments and texts blanked.
    let code: [String]
    let imports: [Import]
    let functions: [Function]
    let types: [NamedType]

    init(_ file: TextFile) {
        self.file = file
        let blanked = SwiftCode.blanked(file.bytes)
        code = TextFile(path: file.path, bytes: blanked).lines
        imports = Self.imports(code)
        types = Self.types(code)
        functions = FunctionScanner.functions(in: blanked)
    }

    init(path: String, _ text: String) { self.init(TextFile(path: path, text)) }

    /// `Sources/GatewayCore`, `Plugins/HTTPTransport`, `Tests/TidyTests`.
    var target: String { file.path.split(separator: "/").prefix(2).joined(separator: "/") }

    // MARK: Parts

    private static let accessWords: Set<String> = ["public", "package", "internal", "fileprivate", "private"]
    private static let importKinds: Set<String> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
    ]

    private static func imports(_ code: [String]) -> [Import] {
        code.enumerated().compactMap { index, line -> Import? in
            let words = line.identifiers
            guard let place = words.firstIndex(of: "import"),
                words[..<place].allSatisfy({ accessWords.contains($0) || isImportAttribute($0) })
            else { return nil }
            let rest = words[(place + 1)...].drop { importKinds.contains($0) }
            guard let module = rest.first else { return nil }
            return Import(line: index + 1, module: module, access: words[..<place].first { accessWords.contains($0) })
        }
    }

    private static func isImportAttribute(_ word: String) -> Bool {
        ["testable", "preconcurrency", "_exported", "_implementationOnly", "_spi"].contains(word)
    }

    private static func types(_ code: [String]) -> [NamedType] {
        let keywords: Set<String> = ["struct", "class", "enum", "protocol", "actor", "typealias", "associatedtype"]
        return code.enumerated().flatMap { index, line -> [NamedType] in
            let words = line.identifiers
            return zip(words, words.dropFirst()).filter { keywords.contains($0.0) && $0.1.first?.isUppercase == true }
                .map { NamedType(line: index + 1, name: $0.1) }
        }
    }
}

extension String {
    /// The runs of letters, digits and underscores.
    var identifiers: [String] {
        split { !($0.isLetter || $0.isNumber || $0 == "_") }.map(String.init)
    }

    /// `HTTPUpstreamGroup+Choice` → http, upstream, group, choice. `Base64` is one word.
    var nameWords: [String] {
        var words: [String] = []
        var word = ""
        let characters = Array(self)
        for (index, character) in characters.enumerated() {
            let isBoundary = !(character.isLetter || character.isNumber)
            let followsLower = index > 0 && (characters[index - 1].isLowercase || characters[index - 1].isNumber)
            let precedesLower = index + 1 < characters.count && characters[index + 1].isLowercase
            let endsRun = index > 0 && characters[index - 1].isUppercase && precedesLower
            if isBoundary || character.isUppercase && (followsLower || endsRun) {
                if !word.isEmpty { words.append(word.lowercased()) }
                word = ""
            }
            if !isBoundary { word.append(character) }
        }
        return word.isEmpty ? words : words + [word.lowercased()]
    }
}
