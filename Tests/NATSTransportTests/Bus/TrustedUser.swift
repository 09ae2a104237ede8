// An operator, an account and a user of NATS, made once for these tests: what a server with decentralised users knows,
// and the credentials of one of them. They are good for nothing else, and for ever.
#if NATS
enum TrustedUser {
    /// Signed by itself.
    static let operatorToken =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJpYXQiOjE3MDAwMDAwMDAsImlzcyI6Ik9EQVBSRlJOUEFQU"
        + "k5VTkgyREFFTE5QNTJTWkhKSVdYNU9ETkM1TFVVMkxMN1NHMlBVU0pHWUhZIiwic3ViIjoiT0RBUFJGUk5QQVBSTlVOSDJEQ"
        + "UVMTlA1MlNaSEpJV1g1T0ROQzVMVVUyTEw3U0cyUFVTSkdZSFkiLCJuYW1lIjoib3BlcmF0b3IiLCJuYXRzIjp7InR5cGUiO"
        + "iJvcGVyYXRvciIsInZlcnNpb24iOjJ9LCJqdGkiOiJKR0RZTlBQWU5BRVJNV1czM0w0RU5ZVzVKR0FITDJUQTdMRkY3M0dFV"
        + "ERXUkdNRlhXRFRBIn0.XC9rkztrYJZlPraqegwjjGwA-rTPzIgKnF0EnDs4RdxxDCMg5dE6a_6Ze8PlixeDDfBsrindLjax_"
        + "VwC0ZbfCQ"

    /// Signed by the operator.
    static let accountToken =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJpYXQiOjE3MDAwMDAwMDAsImlzcyI6Ik9EQVBSRlJOUEFQU"
        + "k5VTkgyREFFTE5QNTJTWkhKSVdYNU9ETkM1TFVVMkxMN1NHMlBVU0pHWUhZIiwic3ViIjoiQUNWTUY1TUFXNkVNVTY2SVpQV"
        + "kcyU01JRFlYTldLREpCSTRGWElBWDVCUTVGU01PT01LUkUyWUgiLCJuYW1lIjoiYWNjb3VudCIsIm5hdHMiOnsibGltaXRzI"
        + "jp7InN1YnMiOi0xLCJkYXRhIjotMSwicGF5bG9hZCI6LTEsImltcG9ydHMiOi0xLCJleHBvcnRzIjotMSwid2lsZGNhcmRzI"
        + "jp0cnVlLCJjb25uIjotMSwibGVhZiI6LTF9LCJ0eXBlIjoiYWNjb3VudCIsInZlcnNpb24iOjJ9LCJqdGkiOiIyVkkzQkhZQ"
        + "jVONFZCVlc2TVRKM1ZXSFpFSkQzNlFQMlRHVjZSV1VSQTVGRkRMT0RUVlBRIn0.igJCi0xXOtF04izpEkJHc6b0ELr4ID5iD"
        + "hEa8YEDKqOE2TBwGAT_GI867mcxMZ8FtscPw2PaIvMwkj6G8__sBQ"

    static let account = "ACVMF5MAW6EMU66IZPVG2SMIDYXNWKDJBI4FXIAX5BQ5FSMOOMKRE2YH"

    /// Signed by the account.
    static let token =
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJlZDI1NTE5LW5rZXkifQ.eyJpYXQiOjE3MDAwMDAwMDAsImlzcyI6IkFDVk1GNU1BVzZFT"
        + "VU2NklaUFZHMlNNSURZWE5XS0RKQkk0RlhJQVg1QlE1RlNNT09NS1JFMllIIiwic3ViIjoiVURUV1Q1UExETUFDU1YzVTRMW"
        + "kY2VzVYVkxWTVI0SVJTN1FXWVVIRzNUTlVMRVVEVEk0Q0hZUEsiLCJuYW1lIjoidXNlciIsIm5hdHMiOnsicHViIjp7fSwic"
        + "3ViIjp7fSwic3VicyI6LTEsImRhdGEiOi0xLCJwYXlsb2FkIjotMSwidHlwZSI6InVzZXIiLCJ2ZXJzaW9uIjoyfSwianRpI"
        + "joiNFJKUk1MUFdJMkRNTklBTU81RUJYVldQVlhTTzdXTEc2QjVIWjZHQUNOTkhXRlRSUzZQUSJ9.p0MQWzpFpADtX-Fu4Ter"
        + "UNpAKjqA8iXnHtwRUh_-pIyDRtq32AEUJDb0yyBTKjPgGfme6_kANMO_yslQCXOwAw"

    static let seed = "SUAKM7JAMNFGH6YGLPTITXURNC7SC2DWXVT3BZROFGJ4LI5PXRV2IDNYAI"

    static var serverLines: String {
        """
        operator: "\(operatorToken)"
        resolver: MEMORY
        resolver_preload: { \(account): "\(accountToken)" }
        """
    }

    /// As a `.creds` file.
    static var credentials: String {
        """
        -----BEGIN NATS USER JWT-----
        \(token)
        ------END NATS USER JWT------

        -----BEGIN USER NKEY SEED-----
        \(seed)
        ------END USER NKEY SEED------

        """
    }
}

#endif
