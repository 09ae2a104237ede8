// TLS towards a broker, which is configured in the same way for all of them. How it is read stands in
// `BrokerTrustSection`.

extension GatewayConfiguration {
    /// How a broker's server proves who it is, and the certificate by which we do.
    public struct BrokerTrust: Sendable, Equatable {
        /// `tls.ca_file`: PEM certificates to trust instead of the system's.
        public var caFile: String?
        /// `tls.certificate_file` and `tls.key_file`: PEM files; both or none.
        public var certificateFile: String?
        public var keyFile: String?
        /// `tls.verify`: false accepts any certificate.
        public var verify = true
        /// `tls.server_name`: the name to check, instead of the URL's host.
        public var serverName: String?

        public init() {}
    }
}
