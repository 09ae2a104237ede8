// A request that waits for something to be read before it is served. Its client may leave meanwhile.
internal import NIOCore

/// Stands for an exchange that has not begun yet. There are never more than connections and relayed requests.
final class HeldRequest: ClientObserver {
    private var exchange: (any ClientObserver)?
    private var hasLeft = false
    private var isWritable = true

    /// Begins what was held, unless nobody waits for it any more.
    func goOn(_ begin: () -> (any ClientObserver)?) {
        guard !hasLeft else { return }
        exchange = begin()
        if !isWritable { exchange?.clientIsWritable(false) }
    }

    func clientLeft() {
        hasLeft = true
        exchange?.clientLeft()
        exchange = nil
    }

    func clientIsWritable(_ isWritable: Bool) {
        self.isWritable = isWritable
        exchange?.clientIsWritable(isWritable)
    }
}
