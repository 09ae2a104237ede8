// What a server's refusals mean, above all whether something may have happened.
#if Redis
import Testing
import TransportAPI

@testable import RedisTransport

@Suite("Redis: refusals")
struct RedisFailureTests {
    private func error(_ text: String) -> TransportError { RedisFailure.error(text, "directory.create") }

    /// As servers say them. Each of them comes before anything was run.
    private static let notDelivered: [(String, TransportError.Code)] = [
        ("NOPERM User a has no permissions to run the 'eval' command", .unreachable),
        ("NOPERM this user has no permissions to access one of the keys used as arguments", .unreachable),
        ("NOAUTH Authentication required.", .unreachable),
        ("WRONGPASS invalid username-password pair or user is disabled.", .unreachable),
        ("OOM command not allowed when used memory > 'maxmemory'.", .overloaded),
        ("OOM command not allowed when used memory > 'maxmemory'. script: 3f, on @user_script:3.", .overloaded),
        ("MISCONF Errors writing to the AOF file: No space left on device", .overloaded),
        ("READONLY You can't write against a read only replica.", .unreachable),
        ("MOVED 3999 127.0.0.1:6381", .unreachable), ("ASK 3999 127.0.0.1:6381", .unreachable),
        ("CROSSSLOT Keys in request don't hash to the same slot", .unreachable),
        ("CLUSTERDOWN Hash slot not served", .unreachable),
        ("LOADING Redis is loading the dataset in memory", .unreachable),
        ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", .unreachable),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", .unreachable),
        ("NOREPLICAS Not enough good replicas to write.", .unreachable),
        // Before 7.0.
        (
            "ERR Error running script (call to f_10): @user_script:4: @user_script: 4: -READONLY You can't write"
                + " against a read only replica.", .unreachable
        ),
        (
            "ERR Error running script (call to f_10): @user_script:4: @user_script: 4: -OOM command not allowed when"
                + " used memory > 'maxmemory'.", .overloaded
        ),
    ]

    @Test("A refusal before anything is run says that nothing was delivered", arguments: notDelivered.indices)
    func refused(_ index: Int) {
        let (text, code) = Self.notDelivered[index]
        let error = error(text)
        #expect(error.code == code, "\(text)")
        #expect(error.delivery == .notDelivered, "\(text)")
        #expect(error.message.contains("directory.create") && error.message.contains(text), "\(error.message)")
        #expect(!error.message.contains("documentation of Redis"), "advice of its own: \(error.message)")
    }

    @Test(
        "What may come from the middle of a script, and what nobody knows, may have happened",
        arguments: [
            "ERR unknown", "ERR", "", " ", "WRONGTYPE Operation against a key holding the wrong kind of value",
            "NOSCRIPT No matching script. Please use EVAL.", "EXECABORT Transaction discarded", "UNKILLABLE Sorry",
            "noperm in small letters", "OOMX", "READONLYx", "BUSYKEY Target key name already exists.",
            "BUSYGROUP Consumer Group name already exists", "ERR OOM", "ERR x: -READONLY x",
            "ERR Error running script (call to f_10): @user_script:4: @user_script: 4: Wrong number of args",
            "LOADING\u{301} x",
            "ERR value is not an integer or out of range script: 3f, on @user_script:5.",
        ])
    func unknown(_ text: String) {
        let error = error(text)
        #expect(error.delivery == .unknown, "\(text)")
        #expect(error.code == .malformed, "\(text)")
    }

    /// Earlier commands of the script have run by then, and the operator has to be told what to do.
    @Test(
        "A right that is missing in the middle of a script: may have happened, and the advice is to give it",
        arguments: [
            "ERR The user executing the script can't run this command or subcommand script: c0, on @user_script:1.",
            "ERR ACL failure in script: User a has no permissions to run the 'pexpire' command script: c0",
            "ERR The user executing the script can't access at least one of the keys mentioned in the command",
            "NOPERM ACL failure in script: User a has no permissions to run the 'pexpire' command",
        ])
    func scriptRights(_ text: String) {
        let error = error(text)
        #expect(error.delivery == .unknown)
        #expect(error.message.contains("rights"), "\(error.message)")
    }

    @Test("A server's text of any length makes a message of a few hundred bytes")
    func long() {
        #expect(error("ERR " + String(repeating: "a", count: 1_000_000)).message.utf8.count < 1_000)
    }

    @Test("Trying again cannot help against a refusal of who we are, and may help against all others")
    func final() {
        for text in [
            "NOAUTH Authentication required.", "WRONGPASS invalid username-password pair or user is disabled.",
            "NOPERM User a has no permissions to run the 'select' command", "ERR DB index is out of range",
            "ERR invalid password", "ERR AUTH <password> called without any password configured for the default user.",
        ] { #expect(RedisFailure.isFinal(text), "\(text)") }
        for text in [
            "LOADING Redis is loading the dataset in memory", "BUSY x", "OOM x", "MASTERDOWN x",
            "ERR max number of clients reached", "ERR", "", "-NOAUTH", "ERR something else",
        ] { #expect(!RedisFailure.isFinal(text), "\(text)") }
    }
}
#endif
