// Which settings of a stream that is there are accepted.
#if NATS
import NIOCore
import Testing

@testable import NATSTransport

@Suite("JetStream: settings of streams")
struct StreamPlanTests {
    private let options = NATSOptions(urls: ["nats://a:1"], secrets: [[1]])

    private func state(of plan: StreamPlan) -> StreamState {
        StreamState(
            created: 1, subjects: [plan.subject], isOnFile: true, messagesPerSubject: plan.keepsLastOnly ? 1 : -1,
            messagesMax: -1, bytesMax: Int64(plan.bytesMax), age: plan.ageMax.nanoseconds,
            discardsNew: plan.keepsLastOnly, replicas: Int64(plan.replicas), isPlain: true)
    }

    @Test("What was planned is accepted, and so is more of it")
    func accepted() {
        for plan in [StreamPlan.bucket(options), .logs(options)] {
            var state = state(of: plan)
            #expect(plan.differences(from: state) == [])
            state.age = 0
            state.bytesMax = -1
            state.replicas = 3
            #expect(plan.differences(from: state) == [])
        }
    }

    @Test("What would break a promise is named")
    func refused() {
        let changes: [(String, (inout StreamState) -> Void)] = [
            ("memory", { $0.isOnFile = false }), ("subjects", { $0.subjects = ["a", "b"] }),
            ("max_msgs_per_subject", { $0.messagesPerSubject = 2 }), ("messages", { $0.messagesMax = 10 }),
            ("max_bytes", { $0.bytesMax = 1 }), ("max_age", { $0.age = 1 }),
            ("discards", { $0.discardsNew.toggle() }), ("copies", { $0.replicas = 0 }),
            ("sealed", { $0.isPlain = false }),
        ]
        for plan in [StreamPlan.bucket(options), .logs(options)] {
            for (word, change) in changes {
                var state = state(of: plan)
                change(&state)
                let found = plan.differences(from: state)
                #expect(found.count == 1 && found.first?.contains(word) == true, "\(word): \(found)")
            }
        }
    }
}

#endif
