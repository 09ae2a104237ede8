// An event loop that does nothing for a moment, so that a subscriber on it is slow.
internal import NIOCore
internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

final class BlockedLoop: Sendable {
    /// The loop wakes up by itself after this time, so that a failing case cannot hang the others.
    private static let longest = TimeAmount.seconds(10)
    private static let pauseMicroseconds: UInt32 = 200

    private let isReleased = Atomic(false)

    /// Returns when the loop stands still.
    static func block(_ loop: any EventLoop) async -> BlockedLoop {
        let block = BlockedLoop()
        // A future of this loop could not tell: its callbacks run on the loop.
        await withCheckedContinuation { hasBegun in
            loop.execute {
                hasBegun.resume()
                let deadline = NIODeadline.now() + longest
                while !block.isReleased.load(ordering: .acquiring), NIODeadline.now() < deadline {
                    usleep(pauseMicroseconds)
                }
            }
        }
        return block
    }

    func release() { isReleased.store(true, ordering: .releasing) }
}
