// Bounds of one scan. The config fills them in; the scanner is the only reader. The size of a body is bounded by
// whoever reads it from the socket.

/// Bounds on the shape of a body. Breaking one is ``RPCErrorCode/invalidRequest`` and ends the scan at that byte:
/// the JSON may be well formed, but nobody behind the gateway has to read it.
public struct ScanLimits: Sendable {
    /// Most levels of arrays and objects inside each other. At most 64; a larger value counts as 64.
    public var depth: Int
    /// Most members of one object.
    public var keysPerObject: Int
    /// Most keys and values in one body, all levels together.
    public var tokens: Int
    /// Most bytes of one number, sign, fraction and exponent included.
    public var numberBytes: Int
    /// Most bytes of an id token, quotes included.
    public var idBytes: Int
    /// Most messages in one array.
    public var batch: Int

    public init(
        depth: Int = 64, keysPerObject: Int = 10_000, tokens: Int = 1_000_000, numberBytes: Int = 64,
        idBytes: Int = 256, batch: Int = 100
    ) {
        self.depth = depth
        self.keysPerObject = keysPerObject
        self.tokens = tokens
        self.numberBytes = numberBytes
        self.idBytes = idBytes
        self.batch = batch
    }

    /// For what instances say: its size is bounded by whoever reads it, and what a client may hear is not refused for
    /// its shape. Deeper nesting than one word holds is for ``MessageOutline``.
    public static let ofInstances = ScanLimits(
        keysPerObject: .max, tokens: .max, numberBytes: .max, idBytes: 256, batch: .max)

    /// Fixed, because open containers are kept in the bits of one word.
    static let depthMaximum = 64
}
