// Where the entries of one log stand. Each message of a log carries the whole index, so that the last message alone
// says what belongs to the log: what is not in its index was cut off, or was never finished. Pure.
internal import NIOCore
internal import TransportAPI

/// The table of contents of one log.
struct LogIndex: Equatable {
    /// Entries that were written together, as one or more messages.
    struct Lot: Equatable {
        var first: UInt64
        var top: UInt64
        var entries: Int
        var bytes: Int
        /// Sequences of its messages, in order. ``LogIndex/own`` stands for the message that carries the index.
        var pieces: [UInt64]
    }

    /// Lots that were counted together when there were enough of them.
    struct Chapter: Equatable {
        var first: UInt64
        var top: UInt64
        var entries: Int
        var bytes: Int
        /// Sequence of its first message.
        var begin: UInt64
        /// Sequence of a message whose index lists its lots.
        var list: UInt64
    }

    /// The sequence of the message that carries the index, which its writer does not know yet.
    static let own: UInt64 = 0

    /// The number right before the first entry: a reader there has lost nothing.
    var floor: UInt64
    var chapters: [Chapter] = []
    /// The newest ones, which are in no chapter yet.
    var lots: [Lot] = []

    init(floor: UInt64) { self.floor = floor }

    var isEmpty: Bool { lots.isEmpty && chapters.isEmpty }
    /// The newest number; nil when there is none.
    var top: UInt64? { lots.last?.top ?? chapters.last?.top }
    /// The oldest number; nil when there is none.
    var first: UInt64? { chapters.first?.first ?? lots.first?.first }
    /// Sequence of the oldest message that is needed; nil when there is none.
    var begin: UInt64? { chapters.first?.begin ?? lots.first?.pieces.first }

    // MARK: Writing

    /// Puts lots behind what is there, then cuts off what is too much at the old end; the newest lot always stays.
    /// - Parameter head: a message whose index lists ``lots`` as they are.
    mutating func add(_ more: [Lot], head: UInt64, limits: LogLimits) {
        if let chapter = fullChapter(head: head, limits: limits) {
            chapters.append(chapter)
            lots = []
        }
        lots += more
        trim(limits)
    }

    /// Sets the sequence of the message that carries this index.
    mutating func resolve(own sequence: UInt64) {
        for lot in lots.indices.reversed() {
            guard let piece = lots[lot].pieces.last, piece == Self.own else { return }
            lots[lot].pieces[lots[lot].pieces.count - 1] = sequence
        }
    }

    private func fullChapter(head: UInt64, limits: LogLimits) -> Chapter? {
        guard let begin = lots.first?.pieces.first, let first = lots.first?.first, let top = lots.last?.top else {
            return nil
        }
        let entries = lots.reduce(0) { $0 &+ $1.entries }
        let bytes = lots.reduce(0) { $0 &+ $1.bytes }
        guard lots.count >= limits.chapterLots || entries >= limits.chapterEntries || bytes >= limits.chapterBytes
        else { return nil }
        return Chapter(first: first, top: top, entries: entries, bytes: bytes, begin: begin, list: head)
    }

    private mutating func trim(_ limits: LogLimits) {
        var entries = chapters.reduce(0) { $0 &+ $1.entries } &+ lots.reduce(0) { $0 &+ $1.entries }
        var bytes = chapters.reduce(0) { $0 &+ $1.bytes } &+ lots.reduce(0) { $0 &+ $1.bytes }
        var gone = (chapters: 0, lots: 0)
        for chapter in chapters where entries > limits.entries || bytes > limits.bytes {
            entries &-= chapter.entries
            bytes &-= chapter.bytes
            floor = chapter.top
            gone.chapters += 1
        }
        for lot in lots.dropLast() where entries > limits.entries || bytes > limits.bytes {
            entries &-= lot.entries
            bytes &-= lot.bytes
            floor = lot.top
            gone.lots += 1
        }
        chapters.removeFirst(gone.chapters)
        lots.removeFirst(gone.lots)
    }
}

/// How much is kept of one log, and how it is cut up.
struct LogLimits: Equatable {
    /// More entries than this cannot be configured, or an index would not fit in a message.
    static let entriesMost = 1_000_000
    private static let chapters = 16
    private static let lots = 8

    /// Of one log. The newest lot stays in any case.
    var entries: Int
    var bytes: Int

    init(entries: Int, bytes: Int) {
        self.entries = min(max(1, entries), Self.entriesMost)
        self.bytes = max(1, bytes)
    }

    /// About as many lots in a chapter as chapters in a log keep the index small.
    var chapterLots: Int { max(16, Int(Double(entries).squareRoot())) }
    var chapterEntries: Int { max(1, entries / Self.chapters) }
    var chapterBytes: Int { max(1, bytes / Self.chapters) }
    /// What is written together; one entry may be larger.
    var lotEntries: Int { min(256, max(1, entries / Self.lots)) }
    var lotBytes: Int { min(256 * 1024, max(1, bytes / Self.lots)) }
}
