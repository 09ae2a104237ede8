// "Did you mean …?": the nearest of a few known words. Spelling habits of other formats (dashes, camel case) count
// as no distance at all.

enum Suggestion {
    /// The known word that is near enough to be meant; the first of equally near ones.
    static func nearest(to word: String, among known: [String]) -> String? {
        guard word.unicodeScalars.count <= ConfigBounds.suggestedCharacters else { return nil }
        let meant = folded(word)
        if let same = known.first(where: { folded($0) == meant }) { return same }
        if meant.count >= 3, let longer = known.first(where: { folded($0).starts(with: meant) }) { return longer }
        // Less than the whole word must differ, and at most a third of a long one.
        let allowed = min(max(1, min(3, word.unicodeScalars.count / 3)), word.unicodeScalars.count - 1)
        var best: (word: String, distance: Int)?
        for candidate in known {
            let distance = distance(from: Array(word.lowercased().unicodeScalars), to: Array(candidate.unicodeScalars))
            if distance <= allowed, distance < best?.distance ?? Int.max { best = (candidate, distance) }
        }
        return best?.word
    }

    private static func folded(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// Insertions, deletions, replacements and swaps of neighbours, each at most once per place (optimal string
    /// alignment).
    static func distance(from first: [Unicode.Scalar], to second: [Unicode.Scalar]) -> Int {
        guard !first.isEmpty, !second.isEmpty else { return max(first.count, second.count) }
        var before = [Int](repeating: 0, count: second.count + 1)
        var last = Array(0...second.count)
        for row in 1...first.count {
            var current = [row] + [Int](repeating: 0, count: second.count)
            for column in 1...second.count {
                let cost = first[row - 1] == second[column - 1] ? 0 : 1
                current[column] = min(last[column] + 1, current[column - 1] + 1, last[column - 1] + cost)
                let isSwap = row > 1 && column > 1
                    && first[row - 1] == second[column - 2] && first[row - 2] == second[column - 1]
                if isSwap { current[column] = min(current[column], before[column - 2] + 1) }
            }
            (before, last) = (last, current)
        }
        return last[second.count]
    }
}
