// A promise that a transport does not keep, said aloud. A gap that is not true is a failure, so that the list stays
// honest.

/// A declared exception from the contract, with the reason. Both are printed in the README's support table.
public struct KnownGap: Sendable, Equatable {
    /// What is missing.
    public enum Scope: Sendable, Equatable {
        case single(ConformanceCase)
        /// The whole port; it must be nil.
        case port(Port)
    }

    public let scope: Scope
    /// One sentence for people who choose a transport.
    public let reason: String

    /// The case fails, or cannot be tried.
    public init(_ testCase: ConformanceCase, because reason: String) { self.init(.single(testCase), reason) }

    /// The transport does not have this port.
    public static func port(_ port: Port, because reason: String) -> KnownGap { KnownGap(.port(port), reason) }

    private init(_ scope: Scope, _ reason: String) {
        self.scope = scope
        self.reason = reason
    }

    /// Whether this gap speaks of that case.
    public func covers(_ testCase: ConformanceCase) -> Bool {
        switch scope {
        case .single(let one): one == testCase
        case .port(let port): port == testCase.port
        }
    }
}
