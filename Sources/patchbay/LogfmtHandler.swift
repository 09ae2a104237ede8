// Log lines in logfmt on standard error: one line per event, values quoted and escaped, so that nothing that came from
// outside can forge a line. The writer sees to it that they hold up nobody and are not too many.
internal import Logging

struct LogfmtHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    let writer: LogWriter

    /// Who or what a line is about. Lines with the same text and level are counted together for each of them.
    private static let sources: Set<String> = ["session", "instance", "member", "peer", "upstream"]

    init(_ logLevel: Logger.Level, _ writer: LogWriter) {
        self.logLevel = logLevel
        self.writer = writer
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "level=\(event.level) msg=\(Self.quoted(event.message.description))"
        var kind = line
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            let field = " \(key)=\(Self.quoted("\(value)"))"
            line += field
            if Self.sources.contains(key) { kind += field }
        }
        // Who asks for details wants all of them.
        writer.write(line, of: event.level <= .debug ? nil : kind)
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            default:
                if scalar.value < 0x20 || scalar.value == 0x7F {
                    out += "\\u" + String(scalar.value, radix: 16)
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }
}
