// Why a `Sealer` cannot be made. Configuration code turns it into a start-up error; sealing and opening never throw it.

/// The reason why a ``Sealer`` could not be made.
public enum SealError: Error, Equatable, CustomStringConvertible {
    /// The number of keys is not 1 or 2.
    case keyCount(Int)
    /// OpenSSL has no working AES-256-GCM (for example a provider configuration without it), or is out of memory.
    case cipherUnavailable

    public var description: String {
        switch self {
        case .keyCount(let count):
            return "cannot make a sealer from \(count) keys: give one key, or two while a secret is being rotated"
        case .cipherUnavailable:
            return "cannot make a sealer: OpenSSL offers no AES-256-GCM; check the OpenSSL 3 installation and"
                + " its openssl.cnf (the default provider must be active)"
        }
    }
}
