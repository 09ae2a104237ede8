// Keys that name PEM files: of instances' and brokers' TLS. Whether a file holds what it should, and all of it, is seen
// from its lines; whether that is a good certificate is for TLS to say.

extension ConfigNode {
    /// Reads the name of a PEM file, which must be readable and hold something of this sort.
    func readPEM(_ key: String, holding sort: String, into file: inout String?) {
        readOptional(key, .plainText("a file name"), into: &file)
        guard let name = file else { return }
        file = location(of: name)
        guard let text = contents(of: name, at: key), !text.hasPEM(sort) else { return }
        error("\(childPath(key)) holds no whole PEM \(sort.lowercased())", at: key)
    }
}

extension String {
    /// Some line begins a block of this sort, and a later one ends it: `CERTIFICATE`, `PRIVATE KEY` (of whatever
    /// algorithm).
    func hasPEM(_ sort: String) -> Bool {
        // Files of NATS credentials have more than the five dashes.
        let marks = split(whereSeparator: \.isNewline).filter { $0.hasPrefix("-----") }.map { line in
            line.drop { $0 == "-" }.prefix { $0 != "-" }
        }
        let first = marks.firstIndex { $0.hasPrefix("BEGIN ") && $0.hasSuffix(sort) } ?? marks.endIndex
        return marks[first...].contains { $0.hasPrefix("END ") && $0.hasSuffix(sort) }
    }
}
