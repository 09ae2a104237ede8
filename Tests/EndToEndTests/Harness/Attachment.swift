// `patchbay attach` beside one server: the real binary, told of the nodes by their cluster ports.
import Foundation

final class Attachment: Sendable {
    let server: TestServer
    let process: ManagedProcess
    private let arguments: [String]
    private let secret: String

    /// Starts it and does not wait: the nodes say when it is there.
    /// - Parameters:
    ///   - peers: the cluster ports of the nodes.
    ///   - more: further arguments.
    convenience init(
        _ server: TestServer, to upstream: String, peers: [Int], secret: String, _ more: [String] = []
    ) throws {
        let urls = peers.map { "http://127.0.0.1:\($0)" }.joined(separator: ",")
        let arguments = [
            "attach", "--upstream-name", upstream, "--url", server.url, "--transport", "http", "--peers", urls,
        ]
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
