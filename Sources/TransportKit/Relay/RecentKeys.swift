// A set that forgets: what was put in is found for a time, then it is gone, whole generations at once.
internal import NIOCore

/// Two generations of keys. Bounded by count and by time.
struct RecentKeys<Key: Hashable> {
    private let lifetime: TimeAmount
    private let generationMax: Int
    private var young: Set<Key> = []
    private var old: Set<Key> = []
    private var begun = NIODeadline.uptimeNanoseconds(0)

    /// - Parameters:
    ///   - lifetime: a key is found for at least this long and at most twice as long,
    ///   - max: unless more than half as many came after it.
    init(lifetime: TimeAmount, max: Int) {
        self.lifetime = lifetime
        self.generationMax = Swift.max(1, max / 2)
    }

    var count: Int { young.count + old.count }

    func contains(_ key: Key) -> Bool { young.contains(key) || old.contains(key) }

    mutating func insert(_ key: Key, now: NIODeadline) {
        if young.count >= generationMax { age(now) }
        young.insert(key)
    }

    mutating func tick(now: NIODeadline) {
        if now - begun >= lifetime { age(now) }
    }

    private mutating func age(_ now: NIODeadline) {
        old = young
        young = []
        begun = now
    }
}
