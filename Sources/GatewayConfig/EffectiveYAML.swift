// Prints effective values as YAML that can be loaded again, each line with a comment that says where the value came
// from. `print-config` shows it. Secrets are replaced before they get here or by their references here.

enum EffectiveYAML {
    static let redacted = "<redacted>"
    /// Comments begin in this column, or two spaces after a longer line.
    private static let commentColumn = 40

    static func render(_ values: EffectiveValues) -> String {
        var output = ""
        for child in values.entries[0].children {
            append(child, of: values, indent: 0, to: &output)
        }
        return output
    }

    private static func append(
        _ index: Int, of values: EffectiveValues, indent: Int, marker: String = "", to output: inout String
    ) {
        let entry = values.entries[index]
        let lead = String(repeating: " ", count: indent) + marker + (entry.key.map { "\($0):" } ?? "")
        let separator = entry.key == nil ? "" : " "
        let inner = indent + marker.utf8.count
        switch entry.content {
        case .leaf(let text):
            let isHidden = !entry.references.isEmpty
            append(line: lead + separator + (isHidden ? redacted : text), comment(entry), to: &output)
        case .list where entry.children.isEmpty:
            append(line: lead + separator + "[]", comment(entry), to: &output)
        case .list:
            append(line: lead, comment(entry), to: &output)
            for child in entry.children {
                append(child, of: values, indent: inner + 2, marker: "- ", to: &output)
            }
        case .section where entry.key == nil:
            // An element of a list: its first key stands on the line of the dash.
            for (position, child) in entry.children.enumerated() {
                let isFirst = position == 0
                append(child, of: values, indent: isFirst ? indent : inner, marker: isFirst ? marker : "", to: &output)
            }
        case .section:
            append(line: lead, comment(entry), to: &output)
            for child in entry.children {
                append(child, of: values, indent: inner + 2, to: &output)
            }
        }
    }

    private static func comment(_ entry: EffectiveValues.Entry) -> String {
        let sources = entry.references.joined(separator: " and ")
        return sources.isEmpty ? entry.origin.description : "\(entry.origin) via \(sources)"
    }

    private static func append(line: String, _ comment: String, to output: inout String) {
        let gap = max(2, commentColumn - line.unicodeScalars.count)
        let visible = String(String.UnicodeScalarView(comment.unicodeScalars.map { $0.value < 0x20 ? "?" : $0 }))
        output += line + String(repeating: " ", count: gap) + "# " + visible + "\n"
    }

    /// Text as a YAML scalar that reads back as the same text: bare when nothing in it could be taken for YAML.
    static func scalar(_ text: String) -> String {
        let isBare = text.utf8.first.map { $0.isLetterOrDigit || $0 == UInt8(ascii: "/") } ?? false
            && text.utf8.last != UInt8(ascii: ":")
            && text.utf8.allSatisfy { $0.isLetterOrDigit || "-._/:%+~?&=@".utf8.contains($0) }
            && ConfigScalar.form(ofPlain: text) == .text
        if isBare { return text }
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.properties.generalCategory == .control || scalar.value == 0x2028
                || scalar.value == 0x2029 || scalar.value == 0xFEFF:
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.utf8.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
