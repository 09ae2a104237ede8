// Runs one case against one transport. Needs no test framework: a failure is a thrown `ConformanceFailure`.
internal import TransportAPI

/// The contract suite.
public enum Conformance {
    /// How a case came out when it did not fail.
    public enum Outcome: Sendable, Equatable {
        case passed
        /// It does not pass, as declared.
        case gap(reason: String)
    }

    /// Members that each case gets.
    static let members = 3

    /// Makes a fresh cluster of `subject`, runs the case on it and stops it.
    ///
    /// A port that is missing without a ``KnownGap``, and a gap that is not true, are failures too.
    /// - Throws: ``ConformanceFailure``, or what the subject's own closures throw.
    @discardableResult
    public static func run(
        _ testCase: ConformanceCase, on subject: ConformanceSubject
    ) async throws -> Outcome {
        let gap = subject.gaps.first { $0.covers(testCase) }
        let cluster = try await subject.makeCluster(members)
        let stage = Stage(cluster: cluster, patience: subject.patience)
        do {
            let outcome = try await judge(testCase, gap, stage)
            await cluster.stop()
            return outcome
        } catch {
            await cluster.stop()
            guard let failure = error as? ConformanceFailure else {
                throw ConformanceFailure("\(subject.name): \(testCase.title): \(error)")
            }
            throw ConformanceFailure("\(subject.name): \(testCase.title): \(failure.message)")
        }
    }

    private static func judge(_ testCase: ConformanceCase, _ gap: KnownGap?, _ stage: Stage) async throws -> Outcome {
        guard let body = testCase.body else { throw ConformanceFailure("the suite has no body for this case") }
        let isThere = stage.cluster.members.contains { has(testCase.port, $0.transport) }
        guard let gap else {
            guard isThere else {
                throw ConformanceFailure("the port \(testCase.port) is nil: declare it with KnownGap.port")
            }
            try await body(stage)
            return .passed
        }
        if case .port(let port) = gap.scope {
            guard !isThere else { throw ConformanceFailure("the port \(port) is there, but declared as a gap") }
            return .gap(reason: gap.reason)
        }
        do { try await body(stage) } catch { return .gap(reason: gap.reason) }
        throw ConformanceFailure("it passes, but is declared as a gap: remove that")
    }

    private static func has(_ port: Port, _ transport: any ClusterTransport) -> Bool {
        switch port {
        case .bus: transport.bus != nil
        case .directory: transport.directory != nil
        case .log: transport.log != nil
        }
    }
}

/// A promise that was not kept.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
    /// The transport, the promise, and what was seen instead.
    public let message: String

    public init(_ message: String) { self.message = message }

    public var description: String { message }
}
