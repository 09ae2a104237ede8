// How many processor cores this program may run on: the default number of event loops.
// `GatewayConfiguration` and the loader ask for it once at start; container quotas are not looked at.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum Cores {
    /// Between 1 and 256, the range of `event_loops`.
    static var online: Int {
        min(max(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), 1), 256)
    }
}
