// All keys that are ever written, in one place. All of them begin with the prefix, and all expire. Pure.
internal import TransportAPI

/// Of one cluster, on one start of the server if that may forget.
///
/// * `PREFIX:cluster`, a hash. `i`: chosen once, another after a loss of data; `r`: the last revision; `n`:
///   the server's run; `l`: the longest time that a member has asked for, after which it expires.
/// * `PREFIX:session:KEY`, a hash. `r`: revision; `v`: the sealed record. Expires with the record.
/// * `PREFIX:log:KEY`, a stream. Its ids are the events' numbers. `p`: the number before; `b`: bytes before; `e`: the
///   sealed event. Expires with the log.
///
/// Where the server may come back with less than it has acknowledged, `PREFIX` is followed by its run id, so that
/// nothing old is seen again.
struct RedisKeys: Equatable {
    /// Digits of a run id that are used.
    private static let runDigits = 16

    private let root: String

    /// - Parameter run: the server's run id, where what it keeps may not outlive it.
    init(prefix: String, run: String?) {
        root = run.map { "\(prefix):\($0.prefix(Self.runDigits))" } ?? prefix
    }

    var cluster: String { "\(root):cluster" }

    func session(_ key: Key128) -> String { "\(root):session:\(key.digits)" }

    func log(_ key: Key128) -> String { "\(root):log:\(key.digits)" }
}

extension Key128 {
    /// 32 hexadecimal digits.
    fileprivate var digits: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
