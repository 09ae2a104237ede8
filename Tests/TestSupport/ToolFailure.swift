// Why a test has no server or no certificates: for its message.

/// A program that the tests need is missing, did not start, or did not do what it was asked.
public struct ToolFailure: Error, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
