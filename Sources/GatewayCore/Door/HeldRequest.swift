// A request that waits for something to be read before it is served. Its client may leave meanwhile.
internal import NIOCore

/// Stands for an exchange that has not begun yet. There are never more than connections and relayed requests.
final class HeldRequest: ClientObserver {
    private var exchange: (any ClientObserver)?
    private var hasLeft = false
    private var isWritable = true

    /// Begins what was held. A client that has left meanwhile leaves now: a stateful request is carried out all the
    /// same, as it is when it need not wait.
    func goOn(_ begin: () -> (any ClientObserver)?) {
        exchange = begin()
        if hasLeft {
            exchange?.clientLeft()
            exchange = nil
        } else if !isWritable {
            exchange?.clientIsWritable(false)
        }
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
