// A certificate authority of a test's own, and the certificates that it signs. Made with openssl.
import Foundation

/// Makes certificates in a folder.
public struct TestAuthority: Sendable {
    private let folder: URL

    private static let make = """
        set -e
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=Test authority" \\
            -addext "keyUsage=critical,keyCertSign" -keyout ca.key -out ca.pem
        """

    private static let sign = """
        set -e
        openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" \\
            -keyout "$1.key" -out "$1.csr"
        printf 'subjectAltName=%s\\nbasicConstraints=CA:FALSE\\n' "$2" >"$1.ext"
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
        """

    /// - Parameter folder: is made; the caller removes it.
    public init(folder: URL) throws {
        self.folder = folder
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try run(Self.make, [])
    }

    /// The authority's own certificate, which the other side must trust.
    public var file: String { path("ca.pem") }

    /// Signs a certificate for names such as `IP:127.0.0.1,DNS:bus.test`.
    public func sign(_ name: String, names: String) throws { try run(Self.sign, [name, names]) }

    public func certificate(_ name: String) -> String { path(name + ".pem") }
    public func key(_ name: String) -> String { path(name + ".key") }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func run(_ script: String, _ arguments: [String]) throws {
        let text = "cd '\(folder.path)'\n\(script)"
        let shell = try SpawnedServer.spawn("/bin/sh", ["-c", text, "sh"] + arguments)
        guard SpawnedServer.wait(shell) == 0 else { throw ToolFailure("openssl failed") }
    }
}
