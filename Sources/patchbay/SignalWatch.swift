// SIGTERM and SIGINT as something that the main thread waits for. The signals are blocked in every thread, so nothing
// is interrupted by them and no code runs in a signal handler.
#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// The signals that end the node.
struct SignalWatch {
    private var set = sigset_t()

    /// Call before any other thread exists: they inherit what is blocked.
    init() {
        sigemptyset(&set)
        sigaddset(&set, SIGTERM)
        sigaddset(&set, SIGINT)
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    /// Returns when one arrives.
    func wait() {
        var set = set
        var number: Int32 = 0
        while sigwait(&set, &number) != 0 {}
    }

    /// Waits so many milliseconds. True if one arrived.
    func arrives(withinMilliseconds milliseconds: Int) -> Bool {
        var set = set
        var time = timespec(tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
        return sigtimedwait(&set, nil, &time) > 0
    }
}
