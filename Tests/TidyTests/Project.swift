// The project's files, found from the place of this source file. What `.gitignore` names is left out, so that the
// rules see what a fresh clone has.
import Foundation

/// The tree that the rules are checked on.
enum Project {
    /// The folder of `Package.swift`.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every text file, sorted by path.
    static let files: [TextFile] = paths.compactMap { path in
        guard let content = FileManager.default.contents(atPath: root.appendingPathComponent(path).path),
            !content.prefix(8192).contains(0)
        else { return nil }
        return TextFile(path: path, bytes: Array(content))
    }

    /// Every Swift file under Sources, Plugins and Tests, with its code parsed.
    static let swiftFiles: [SwiftFile] = files
        .filter { $0.isSwift && $0.path.contains("/") }.map { SwiftFile($0) }

    /// Swift files of the product.
    static var productFiles: [SwiftFile] { swiftFiles.filter(\.file.isProduct) }

    static func file(_ path: String) -> TextFile? { files.first { $0.path == path } }

    /// True for a file or a folder that is there.
    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    /// Names directly under the root, the ignored ones left out.
    static var topLevel: [String] { names(in: "").filter { !isIgnored($0) }.sorted() }

    // MARK: Walk

    /// Every file, relative to the root.
    static let paths: [String] = walk("").sorted()

    private static func walk(_ folder: String) -> [String] {
        names(in: folder).filter { !isIgnored($0) }.flatMap { name -> [String] in
            let path = folder.isEmpty ? name : folder + "/" + name
            var isFolder: ObjCBool = false
            let full = root.appendingPathComponent(path).path
            // What a symbolic link leads to is checked at its own place.
            let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: full)) != nil
            guard !isLink, FileManager.default.fileExists(atPath: full, isDirectory: &isFolder) else { return [] }
            return isFolder.boolValue ? walk(path) : [path]
        }
    }

    private static func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(folder).path)) ?? []
    }

    /// The patterns of `.gitignore`, all of which are plain names or globs of names here.
    private static let ignored: [String] = {
        let path = root.appendingPathComponent(".gitignore").path
        let content = FileManager.default.contents(atPath: path) ?? Data()
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n")
        return [".git"] + lines.filter { !$0.hasPrefix("#") }.map { String($0.hasSuffix("/") ? $0.dropLast() : $0) }
    }()

    private static func isIgnored(_ name: String) -> Bool { ignored.contains { fnmatch($0, name, 0) == 0 } }
}
