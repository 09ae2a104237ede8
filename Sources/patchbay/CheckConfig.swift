// `patchbay check-config FILE` and `patchbay print-config`: what the configuration says, without starting anything.
internal import ArgumentParser
internal import GatewayConfig

struct CheckConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Check a configuration file and report everything that is wrong with it.",
        discussion: "EXAMPLE:\n  patchbay check-config config/patchbay.yaml")

    @Argument(help: "The YAML file to check.")
    var file: String

    func run() throws {
        let loaded = try LoadedConfiguration.orExit(file: file, overrides: Overrides())
        loaded.printWarnings()
        try Assembly.check(loaded.configuration)
        print("\(file): ok")
    }
}

struct PrintConfig: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "print-config", abstract: "Print the effective configuration and where each value came from.",
        discussion: "EXAMPLE:\n  patchbay print-config --config config/patchbay.yaml --listen 127.0.0.1:9000")

    @OptionGroup var options: ConfigOptions

    func run() throws {
        let loaded = try options.load()
        loaded.printWarnings()
        print(loaded.render(), terminator: "")
    }
}
