// The section `tls` of a broker: whom to trust, and the certificate to show. The files are looked into, so that a wrong
// one is met at start-up; their names are kept, not what is in them.

/// Reads TLS towards a broker.
enum BrokerTrustSection {
    /// - Parameters:
    ///   - form: how messages name the broker and the scheme that asks for TLS.
    ///   - isUsed: whether a URL asks for TLS; `nil` when there is no URL that could be read.
    static func read(_ node: ConfigNode, of form: BrokerURL.Form, isUsed: Bool?) -> GatewayConfiguration.BrokerTrust {
        var trust = GatewayConfiguration.BrokerTrust()
        node.readPEM("ca_file", holding: "CERTIFICATE", into: &trust.caFile)
        node.readPEM("certificate_file", holding: "CERTIFICATE", into: &trust.certificateFile)
        node.readPEM("key_file", holding: "PRIVATE KEY", into: &trust.keyFile)
        node.read("verify", .boolean, into: &trust.verify)
        node.readOptional("server_name", .serverName, into: &trust.serverName)
        if node.isSound("certificate_file", "key_file"), (trust.certificateFile == nil) != (trust.keyFile == nil) {
            let (key, other) = trust.keyFile == nil
                ? ("certificate_file", "key_file") : ("key_file", "certificate_file")
            node.error("\(node.path) has '\(key)' but no '\(other)'; both are needed", at: key)
        }
        if !trust.verify {
            node.warning(
                "\(node.path).verify is false: anyone on the way can pose as the \(form.broker) server", at: "verify")
        }
        if trust != GatewayConfiguration.BrokerTrust(), isUsed == false {
            node.warning("\(node.path) has no effect: no URL begins with \(form.secure)://")
        }
        return trust
    }
}
