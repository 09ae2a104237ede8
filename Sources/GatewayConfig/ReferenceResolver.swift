// Fills `${env:NAME}` and `${file:PATH}` into string values, after YAML was parsed, so that what comes in can never
// become keys or structure. Also the one place that knows what relative paths are relative to.

/// A string value with its references filled in.
struct ResolvedText: Sendable, Equatable {
    var text: String
    /// As written: `${env:NAME}`.
    var references: [String] = []
    var isOneReference = false
}

struct ReferenceResolver {
    var environment: [String: String]
    var readFile: (String) throws -> String
    /// The folder of the configuration file with a slash at its end; empty for the working directory.
    var folder: String

    init(file: String?, environment: [String: String], readFile: @escaping (String) throws -> String) {
        self.environment = environment
        self.readFile = readFile
        folder = file.flatMap { $0.lastIndex(of: "/").map { slash in String(file?[...slash] ?? "") } } ?? ""
    }

    /// A path of the configuration as the reader of files needs it: relative paths start at the configuration file.
    func location(of path: String) -> String {
        path.utf8.first == UInt8(ascii: "/") ? path : folder + path
    }

    func resolve(_ written: String) throws(ValueProblem) -> ResolvedText {
        var rest = Substring(written)
        var result = ResolvedText(text: "")
        while let start = rest.firstReference {
            result.text += rest[..<start]
            guard let end = rest[start...].firstIndex(of: "}") else {
                throw ValueProblem("has '${' without '}'")
            }
            let reference = rest[start...end]
            result.text += try value(of: reference.dropFirst(2).dropLast())
            result.references.append(String(reference))
            rest = rest[rest.index(after: end)...]
        }
        result.isOneReference = result.references.count == 1 && result.references[0] == written
        result.text += rest
        return result
    }

    private func value(of reference: Substring) throws(ValueProblem) -> String {
        let parts = reference.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "env" || parts[0] == "file" else {
            throw ValueProblem("has an unknown reference; write ${env:NAME} or ${file:PATH}")
        }
        let name = String(parts[1])
        guard !name.isEmpty else {
            throw ValueProblem("has a reference without a name; write ${env:NAME} or ${file:PATH}")
        }
        return parts[0] == "env" ? try variable(name) : try contents(name)
    }

    private func variable(_ name: String) throws(ValueProblem) -> String {
        guard let value = environment[name] else {
            throw ValueProblem("needs the environment variable \(name), which is not set")
        }
        return value
    }

    /// The file's text without one newline at its end, which editors and `echo` add.
    private func contents(_ path: String) throws(ValueProblem) -> String {
        var text: String
        do {
            text = try read(path)
        } catch {
            throw ValueProblem("needs the file \(location(of: path)), which cannot be read: \(error.reason)")
        }
        if text.utf8.last == UInt8(ascii: "\n") {
            text.unicodeScalars.removeLast()
            if text.utf8.last == UInt8(ascii: "\r") { text.unicodeScalars.removeLast() }
        }
        return text
    }

    /// Why a named file gave no text.
    struct Unreadable: Error {
        var reason: String
    }

    /// The whole text of a file that the configuration names.
    func read(_ path: String) throws(Unreadable) -> String {
        let text: String
        do {
            text = try readFile(location(of: path))
        } catch {
            throw Unreadable(reason: "\(error)")
        }
        guard text.utf8.count <= ConfigBounds.fileBytes else {
            throw Unreadable(reason: "it is longer than \(ConfigBounds.fileBytes) bytes")
        }
        return text
    }
}

extension Substring {
    /// Where the first `${` stands.
    fileprivate var firstReference: Index? {
        var from = startIndex
        while let dollar = utf8[from...].firstIndex(of: UInt8(ascii: "$")) {
            let next = utf8.index(after: dollar)
            if next < endIndex, utf8[next] == UInt8(ascii: "{") { return dollar }
            from = next
        }
        return nil
    }
}
