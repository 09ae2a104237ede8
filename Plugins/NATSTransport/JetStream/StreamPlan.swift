// The two JetStream streams as they have to be: the bucket of the records and the stream of the logs. Says too in which
// way one that is there differs.
#if NATS
internal import CNATS
internal import NIOCore

/// The settings of one stream that a promise depends on.
struct StreamPlan: Equatable, Sendable {
    var name: String
    var subject: String
    /// One message for each subject, the last one.
    var keepsLastOnly: Bool
    var bytesMax: Int
    var ageMax: TimeAmount
    var replicas: Int

    /// The bucket: as other NATS clients make one, except that reads always ask the leader.
    static func bucket(_ options: NATSOptions) -> StreamPlan {
        StreamPlan(
            name: "KV_" + options.bucket, subject: "$KV.\(options.bucket).>", keepsLastOnly: true,
            bytesMax: options.bucketBytesMax, ageMax: options.recordLifetimeMax, replicas: options.replicas)
    }

    static func logs(_ options: NATSOptions) -> StreamPlan {
        StreamPlan(
            name: options.logStream, subject: "\(options.prefix).log.*", keepsLastOnly: false,
            bytesMax: options.logBytesMax, ageMax: options.logLifetimeMax, replicas: options.replicas)
    }

    /// Lends the settings as the library wants them.
    func withConfiguration<Result>(_ body: (UnsafeMutablePointer<jsStreamConfig>) -> Result) -> Result {
        var configuration = jsStreamConfig()
        jsStreamConfig_Init(&configuration)
        configuration.Retention = js_LimitsPolicy
        configuration.Storage = js_FileStorage
        configuration.Replicas = Int64(clamping: replicas)
        configuration.MaxBytes = Int64(clamping: bytesMax)
        configuration.MaxAge = ageMax.nanoseconds
        configuration.MaxMsgsPerSubject = keepsLastOnly ? 1 : -1
        // A full bucket refuses, so that no record goes before its time; full logs lose their oldest entries.
        configuration.Discard = keepsLastOnly ? js_DiscardNew : js_DiscardOld
        configuration.AllowRollup = keepsLastOnly
        configuration.DenyDelete = keepsLastOnly
        return name.withCString { name in
            subject.withCString { subject in
                var subjects: [UnsafePointer<CChar>?] = [subject]
                return subjects.withUnsafeMutableBufferPointer { list in
                    configuration.Name = name
                    configuration.Subjects = list.baseAddress
                    configuration.SubjectsLen = 1
                    return body(&configuration)
                }
            }
        }
    }

    /// In which ways a stream that is there cannot do; empty when it can. More copies, room or age than planned are
    /// the operator's choice.
    func differences(from state: StreamState) -> [String] {
        var found: [String] = []
        if !state.isOnFile { found.append("it is kept in memory, and would be lost with a restart of the server") }
        if state.subjects != [subject] {
            found.append("its subjects are \(state.subjects.joined(separator: ", ")) and not \(subject)")
        }
        let perSubject: Int64 = keepsLastOnly ? 1 : -1
        if state.messagesPerSubject != perSubject, state.messagesPerSubject > 0 || keepsLastOnly {
            found.append("its max_msgs_per_subject is \(state.messagesPerSubject) and not \(perSubject)")
        }
        if state.messagesMax > 0 { found.append("it is limited to \(state.messagesMax) messages") }
        if state.age > 0, state.age < ageMax.nanoseconds {
            found.append(
                "its max_age is \(state.age / 1_000_000_000) s, below \(ageMax.nanoseconds / 1_000_000_000) s")
        }
        if state.bytesMax > 0, state.bytesMax < Int64(clamping: bytesMax) {
            found.append("its max_bytes is \(state.bytesMax), below \(bytesMax)")
        }
        if state.discardsNew != keepsLastOnly {
            found.append("it discards \(state.discardsNew ? "new" : "old") messages when it is full, not the others")
        }
        if state.replicas < Int64(clamping: replicas) {
            found.append("it has \(state.replicas) copies, below \(replicas)")
        }
        if !state.isPlain { found.append("it is sealed, a mirror, without acknowledgements, or deletes what was read") }
        return found
    }
}

/// What the server says of a stream.
struct StreamState: Equatable {
    /// When it was made, in nanoseconds since 1970: another one of the same name has another time.
    var created: Int64
    var subjects: [String]
    var isOnFile: Bool
    var messagesPerSubject: Int64
    var messagesMax: Int64
    var bytesMax: Int64
    /// Nanoseconds; 0 for no limit.
    var age: Int64
    var discardsNew: Bool
    var replicas: Int64
    /// Neither sealed nor a mirror, kept until its limits, and writes are acknowledged.
    var isPlain: Bool
}

extension StreamState {
    /// Nil without a configuration.
    init?(_ state: jsStreamInfo) {
        guard let configuration = state.Config?.pointee else { return nil }
        created = state.Created
        subjects = (0..<max(0, Int(configuration.SubjectsLen))).compactMap { place in
            configuration.Subjects?[place].map { String(cString: $0) }
        }
        isOnFile = configuration.Storage == js_FileStorage
        messagesPerSubject = configuration.MaxMsgsPerSubject
        messagesMax = configuration.MaxMsgs
        bytesMax = configuration.MaxBytes
        age = configuration.MaxAge
        discardsNew = configuration.Discard == js_DiscardNew
        replicas = configuration.Replicas
        isPlain =
            !configuration.Sealed && configuration.Mirror == nil && !configuration.NoAck
            && configuration.Retention == js_LimitsPolicy && !configuration.DenyPurge
    }
}
#endif
