// Random bytes from OpenSSL's generator: nonces, keys, session and incarnation ids. Any thread may call it. There is no
// way to seed it; code that needs repeatable choices in tests takes a Swift `RandomNumberGenerator` instead.
internal import COpenSSL

/// Cryptographically secure random bytes.
///
/// Every function traps when the generator fails (no entropy from the kernel). Going on would mean guessable session
/// ids or repeated nonces; the cause is the machine, never what came over the wire.
public enum SecureRandom {
    /// Overwrites the whole buffer, which must be under 2 GiB.
    public static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        guard let start = buffer.baseAddress, !buffer.isEmpty else { return }
        let filled = RAND_bytes(start.assumingMemoryBound(to: UInt8.self), CInt(buffer.count))
        precondition(filled == 1, "OpenSSL's random generator failed: no entropy from the kernel")
    }

    /// `count` random bytes; `count` is not negative and under 2³¹.
    public static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            initialized = count
        }
    }

    /// A random number over the full range.
    public static func uint64() -> UInt64 {
        var value: UInt64 = 0
        withUnsafeMutableBytes(of: &value) { fill($0) }
        return value
    }
}
