// How the calls of a load ended for their clients, beside what the servers say of having run them.

struct CallBook: Sendable, CustomStringConvertible {
    let endings: [String: CallLoad.Ending]
    /// Sessions that the clients needed.
    let sessions: Int
    /// By label.
    private let executions: [String: Int]

    /// - Parameter fleet: where the calls may have run.
    init(_ endings: [String: CallLoad.Ending], sessions: Int = 1, _ fleet: Fleet) throws {
        self.endings = endings
        self.sessions = sessions
        var executions: [String: Int] = [:]
        for label in try fleet.begun() where endings[label] != nil { executions[label, default: 0] += 1 }
        self.executions = executions
    }

    /// Every call ended with its own result.
    var isPerfect: Bool { endings.values.allSatisfy { $0 == .own } }

    /// What must not be, whatever broke: a call that ran twice, an answer that is not the call's own, a result of what
    /// did not run, the word that it did not run of what did.
    var offences: [String] {
        endings.compactMap { label, ending in
            let count = executions[label] ?? 0
            switch ending {
            case _ where count > 1: return "\(label) ran \(count) times and ended with \(ending)"
            case .foreign: return "\(label) ended with \(ending)"
            case .own where count == 0: return "\(label) has a result and did not run"
            case .refused where count > 0:
                return "\(label) ran and ended with \(ending)"
            default: return nil
            }
        }
    }

    var description: String {
        var counts: [String: Int] = [:]
        for ending in endings.values {
            switch ending {
            case .cut: counts["cut", default: 0] += 1
            case .foreign: counts["foreign", default: 0] += 1
            default: counts["\(ending)", default: 0] += 1
            }
        }
        let parts = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        return "\(endings.count) calls (\(parts.joined(separator: ", "))), \(executions.values.reduce(0, +)) runs,"
            + " \(sessions) sessions"
    }
}
