// From a file name and a command line to a configuration: reads, parses, applies flags and environment, decodes,
// checks. The only entry into this target; it opens files through the reader that it is given and nothing else.

public enum ConfigLoader {
    /// Loads a configuration. Flags win over the environment, the environment over the file, the file over defaults.
    ///
    /// - Parameters:
    ///   - file: the file as diagnostics shall name it; `nil` when the flags are all there is. Files that it names by
    ///     relative paths are looked for beside it.
    ///   - overrides: what the command line says.
    ///   - environment: variables for `${env:NAME}` and `PATCHBAY_EVENT_LOOPS`.
    ///   - readFile: gives a file's text, or throws an error whose description says why not.
    ///   - cores: the default of `event_loops`; `nil` asks the system.
    /// - Throws: a `ConfigError` with everything that is wrong: all unknown keys, bad values and contradictions of one
    ///   run, but only the first mistake against YAML itself.
    public static func load(
        file: String?, overrides: Overrides = Overrides(), environment: [String: String],
        readFile: @escaping (String) throws -> String = ConfigFile.contents, cores: Int? = nil
    ) throws(ConfigError) -> LoadedConfiguration {
        var document = DocumentNode(content: .mapping([]), origin: .builtIn)
        if let file {
            document = try YAMLDocument.parse(text(of: file, readFile: readFile), file: file)
            guard document.isMapping else {
                let text = "a configuration is a mapping of keys to values; this is something else"
                throw ConfigError(diagnostics: [Diagnostic(at: document.origin, text: text)])
            }
        }
        let misplaced = overrides.apply(to: &document, environment: environment)

        let references = ReferenceResolver(file: file, environment: environment, readFile: readFile)
        let session = DecodingSession(references: references, origin: document.origin)
        misplaced.forEach(session.report)
        let root = ConfigNode(root: document, session: session)
        let configuration = GatewayDecoder.decode(root, cores: cores ?? Cores.online)
        return try ended(session, configuration)
    }

    /// Makes the configuration of an attachment: `upstreams[0]` holds its one instance, whose id is `nil` unless a
    /// flag gave one; `cluster` says where the nodes are reached; `isAttachment` is set; `secret` comes from the
    /// environment variable `PATCHBAY_SECRET`, one or two separated by white space, and the broker, if no flag names
    /// it, from `PATCHBAY_NATS` or `PATCHBAY_REDIS`; `event_loops` is 1 unless `PATCHBAY_EVENT_LOOPS` says otherwise;
    /// `admin.isEnabled` says whether there is an address for operators. Files that flags name are read, too.
    ///
    /// - Throws: a `ConfigError` with everything that is wrong.
    public static func loadAttachment(
        _ flags: AttachmentFlags, environment: [String: String],
        readFile: @escaping (String) throws -> String = ConfigFile.contents
    ) throws(ConfigError) -> LoadedConfiguration {
        let (document, problems) = flags.document(environment: environment)
        let references = ReferenceResolver(file: nil, environment: [:], readFile: readFile)
        let session = DecodingSession(references: references, origin: document.origin)
        problems.forEach(session.report)
        let root = ConfigNode(root: document, session: session)
        return try ended(session, AttachmentDecoder.decode(root, allowsAnonymous: flags.allowAnonymous))
    }

    private static func ended(
        _ session: DecodingSession, _ configuration: GatewayConfiguration
    ) throws(ConfigError) -> LoadedConfiguration {
        session.reportUnknownKeys()
        let diagnostics = session.sortedDiagnostics()
        guard diagnostics.allSatisfy({ $0.severity == .warning }) else {
            throw ConfigError(diagnostics: diagnostics)
        }
        return LoadedConfiguration(configuration: configuration, warnings: diagnostics, values: session.values)
    }

    private static func text(
        of file: String, readFile: (String) throws -> String
    ) throws(ConfigError) -> String {
        do {
            return try readFile(file)
        } catch {
            throw ConfigError(diagnostics: [Diagnostic(file: file, text: "the file cannot be read: \(error)")])
        }
    }
}
