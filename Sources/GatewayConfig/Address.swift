// Where a listener binds: `HOST:PORT`. The command resolves names; nothing is looked up here.

extension GatewayConfiguration {
    /// A host and a port to listen on.
    public struct Address: Sendable, Hashable, CustomStringConvertible {
        /// A name or an address, lower case; IPv6 without brackets in its shortest spelling.
        public var host: String
        /// 0 to 65535; 0 asks the system for a free port.
        public var port: Int

        /// Takes the parts as they are.
        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }

        /// Reads `127.0.0.1:8080`, `[::1]:8080` or `localhost:0`. Host and port are both required: `:8080` would
        /// mean every address of the machine, which nobody should get by leaving something out.
        public init(parsing text: String) throws(ValueProblem) {
            if text.utf8.first == UInt8(ascii: ":"), !text.utf8.dropFirst().contains(UInt8(ascii: ":")) {
                let advice = "write 127.0.0.1\(text) for this machine only, 0.0.0.0\(text) for every address"
                throw ValueProblem("has no host; \(advice)")
            }
            let parts = try HostPort(parsing: text)
            guard let port = parts.port else {
                throw ValueProblem("has no port; write HOST:PORT, such as 127.0.0.1:8080")
            }
            self.init(host: parts.host, port: port)
        }

        /// `127.0.0.1:8080`, `[::1]:8080`.
        public var description: String {
            "\(HostPort.bracketed(host)):\(port)"
        }

        /// Only this machine reaches it: 127.0.0.0/8, ::1 and names under `localhost`. Other names count as
        /// reachable, whatever they resolve to.
        public var isLoopback: Bool {
            (try? HostPort(parsing: HostPort.bracketed(host)))?.isLoopback ?? false
        }

        /// Every address of the machine: `0.0.0.0` and `::`.
        public var isWildcard: Bool {
            host == "0.0.0.0" || host == "::"
        }
    }
}
