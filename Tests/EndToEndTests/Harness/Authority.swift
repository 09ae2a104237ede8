// A certificate authority of the tests' own, and the certificates that it signs. Made with openssl.
import Foundation

struct Authority: Sendable {
    private let folder: String

    /// The authority's own certificate, which a client must trust.
    var file: String { "\(folder)/ca.pem" }

    private static let make = """
        set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Test authority" \\
            -addext "keyUsage=critical,keyCertSign" -keyout ca.key -out ca.pem
        """

    private static let sign = """
        set -e
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=instance" \\
            -keyout "$1.key" -out "$1.csr"
        printf 'subjectAltName=%s\\nextendedKeyUsage=serverAuth\\nbasicConstraints=CA:FALSE\\n' "$1" >"$1.ext"
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
        """

    init() async throws {
        folder = Scratch.path("authority")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try await run(Self.make)
    }

    /// Signs a certificate for a name such as `IP:127.0.0.1` or `DNS:instance.test`.
    /// - Returns: the options with which a test server uses it.
    func serverOptions(for name: String) async throws -> [String] {
        try await run(Self.sign, name)
        return ["--tls-cert", "\(folder)/\(name).pem", "--tls-key", "\(folder)/\(name).key"]
    }

    private func run(_ script: String, _ argument: String = "") async throws {
        let shell = try ManagedProcess("openssl", "/bin/sh", ["-c", "cd '\(folder)'\n\(script)", "sh", argument])
        guard try await shell.end() == .exit(0) else { throw Overdue(description: shell.errors.tail(20)) }
    }
}
