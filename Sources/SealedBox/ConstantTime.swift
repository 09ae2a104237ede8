// Comparison of secrets (shared secrets, digests) that does not tell by its duration where they differ.
internal import COpenSSL

/// Comparison in a time that depends on the length only.
public enum ConstantTime {
    /// True when both have the same length and bytes. Their lengths are not kept secret.
    public static func equal(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return true }
        return CRYPTO_memcmp(leftStart, rightStart, left.count) == 0
    }

    /// True when both have the same length and bytes. Their lengths are not kept secret.
    public static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.withUnsafeBytes { leftBytes in right.withUnsafeBytes { equal(leftBytes, $0) } }
    }
}
