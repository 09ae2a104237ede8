// `patchbay attach` beside one server: the real binary, told where it meets the nodes.
import Foundation

final class Attachment: Operated {
    let server: TestServer
    let process: ManagedProcess
    private let arguments: [String]
    private let secret: String

    /// Starts it and does not wait: the nodes say when it is there.
    /// - Parameters:
    ///   - meeting: where the nodes are.
    ///   - more: further arguments.
    convenience init(
        _ server: TestServer, to upstream: String, over meeting: Meeting, secret: String, _ more: [String] = []
    ) throws {
        let arguments = ["attach", "--upstream-name", upstream, "--url", server.url, "--admin", "127.0.0.1:0"]
            + meeting.arguments
        try self.init(server, arguments + more, secret: secret)
    }

    private init(_ server: TestServer, _ arguments: [String], secret: String) throws {
        self.server = server
        self.arguments = arguments
        self.secret = secret
        var environment = ProcessInfo.processInfo.environment
        environment["PATCHBAY_SECRET"] = secret
        process = try ManagedProcess(
            "the attachment of \(server.name)", Installation.gateway(), arguments, environment: environment)
    }

    /// The same attachment again, with nothing of its memory.
    func restarted() throws -> Attachment { try Attachment(server, arguments, secret: secret) }
}
