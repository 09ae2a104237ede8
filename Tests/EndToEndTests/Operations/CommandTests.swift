// What the command says and how it ends: ready lines, exit codes, configuration checks.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct CommandTests {
        private static let upstream = "http://127.0.0.1:9/mcp"

        private func run(
            _ arguments: String..., environment: [String: String]? = nil
        ) async throws -> (end: ManagedProcess.End, output: String, errors: String) {
            let command = try ManagedProcess(
                "patchbay", Installation.gateway(), arguments, environment: environment)
            let end = try await command.end()
            return (end, command.output.text, command.errors.text)
        }

        @Test func readyLinesAreAllThatStandardOutputGets() async throws {
            let fleet = try await Fleet.stateful.value
            let gateway = try await Gateway.start(
                [
                    fleet.upstream("one", path: "/mcp"), "{name: two, path: /two, instances: [\"\(Self.upstream)\"]}",
                ])
            let expected = ["/mcp", "/two"].map { "patchbay ready \(gateway.endpoint($0).url)" }
            #expect(gateway.process.output.lines == expected)
            #expect(gateway.port != 0)
            #expect(try await Peer.open(gateway.endpoint()).call("counter") == "1")
            #expect(try await gateway.stop() == .exit(0))
            #expect(gateway.process.output.lines == expected)
        }

        @Test func flagsAloneAreEnough() async throws {
            let servers = try await Fleet.stateful.value.servers
            let gateway = try await Gateway(
                ["serve", "--listen", "127.0.0.1:0", "--path", "/tools", "--log-level", "warning"]
                    + servers.flatMap { ["--upstream", $0.url] })
            #expect(gateway.process.output.lines == ["patchbay ready \(gateway.endpoint("/tools").url)"])
            #expect(try await Peer.open(gateway.endpoint("/tools")).call("counter") == "1")
            #expect(try await gateway.stop() == .exit(0))
        }

        @Test func aSecondSignalEndsItAtOnce() async throws {
            let fleet = try await Fleet.stateful.value
            let gateway = try await Gateway.start(before: fleet.servers, "drain_timeout: 10m")
            let peer = try await Peer.open(gateway.endpoint())
            let label = "hurry-\(gateway.port)"
            let call = Task { try await peer.post(Peer.call("slow", #"{"seconds":60,"label":"\#(label)"}"#)) }
            try await until("the call at its server") { try !fleet.executions(label).isEmpty }
            gateway.process.send(SIGTERM)
            try await until("the drain") { try await gateway.admin("/readyz").status == 503 }
            #expect(!gateway.process.hasEnded)
            gateway.process.send(SIGINT)
            #expect(try await gateway.process.end() == .exit(0))
            call.cancel()
        }

        @Test func versionAndHelp() async throws {
            let version = try await run("--version")
            #expect(version.end == .exit(0))
            #expect(version.output.hasPrefix("patchbay ") && version.errors.isEmpty)
            for arguments in [["--help"], ["serve", "--help"], ["check-config", "--help"], ["print-config", "--help"]] {
                let command = try ManagedProcess("patchbay", Installation.gateway(), arguments)
                #expect(try await command.end() == .exit(0))
                #expect(command.output.text.contains("EXAMPLE"), "\(arguments): \(command.output.text)")
            }
        }

        @Test(arguments: [
            ["serve"], ["serve", "--upstream"], ["serve", "--nonsense"], ["nonsense"], ["check-config"],
            ["print-config", "--config"],
        ])
        func wrongUsageIs64(_ arguments: [String]) async throws {
            let command = try ManagedProcess("patchbay", Installation.gateway(), arguments)
            #expect(try await command.end() == .exit(64))
            #expect(command.output.text.isEmpty && !command.errors.text.isEmpty)
        }

        @Test func badConfigurationIs78() async throws {
            let text = "listen: 127.0.0.1:0\nupstreams:\n  - name: main\n    instance: [\"\(Self.upstream)\"]\n"
            let file = try Scratch.write(text, as: "bad.yaml")
            for arguments in [["check-config", file], ["serve", "--config", file], ["print-config", "--config", file]] {
                let command = try ManagedProcess("patchbay", Installation.gateway(), arguments)
                #expect(try await command.end() == .exit(78), "\(arguments)")
                let errors = command.errors.text
                #expect(errors.contains("bad.yaml:4:5: error: unknown key 'instance'"), "\(errors)")
                #expect(errors.contains("did you mean 'instances'?"))
                #expect(command.output.text.isEmpty)
            }
            #expect(try await run("check-config", Scratch.path("missing.yaml")).end == .exit(78))
            #expect(try await run("serve", "--listen", "nonsense", "--upstream", Self.upstream).end == .exit(78))
        }

        @Test func goodConfigurationIsOK() async throws {
            let config = Installation.root.appendingPathComponent("config/patchbay.yaml").path
            let checked = try await run("check-config", config)
            #expect(checked.end == .exit(0))
            #expect(checked.output == "\(config): ok", "\(checked)")
        }

        @Test func printConfigShowsOriginsAndHidesSecrets() async throws {
            let secret = "a-secret-that-nobody-may-see-0123456789"
            let file = try Scratch.write(
                "secret: \"${env:TEST_SECRET}\"\nupstreams: [{name: main, instances: [\"\(Self.upstream)\"]}]\n",
                as: "print.yaml")
            let printed = try await run(
                "print-config", "--config", file, "--listen", "127.0.0.1:18080",
                environment: ["TEST_SECRET": secret])
            #expect(printed.end == .exit(0), "\(printed)")
            #expect(!printed.output.contains(secret) && !printed.errors.contains(secret))
            #expect(printed.output.contains("127.0.0.1:18080") && printed.output.contains("--listen"))
            #expect(printed.output.contains("print.yaml"), "\(printed.output)")
        }

        @Test func takenAddressIs69() async throws {
            let taken = try OccupiedPort()
            let one = try await run("serve", "--listen", "127.0.0.1:\(taken.port)", "--upstream", Self.upstream)
            #expect(one.end == .exit(69) && one.errors.contains("127.0.0.1:\(taken.port)"), "\(one)")
            #expect(one.output.isEmpty)
            let file = try Scratch.write(
                """
                listen: 127.0.0.1:0
                admin: {listen: "127.0.0.1:\(taken.port)"}
                upstreams: [{name: main, instances: [\"\(Self.upstream)\"]}]
                """, as: "taken.yaml")
            let two = try await run("serve", "--config", file)
            #expect(two.end == .exit(69) && two.errors.contains("admin.listen"), "\(two)")
            #expect(two.output.isEmpty)
        }

        /// The default admin address may belong to another node on the machine, or to anyone.
        @Test func takenDefaultAdminAddressIsAWarning() async throws {
            let servers = try await Fleet.stateful.value.servers
            // Again if whoever had the address has just left it: the demo's gateway takes it for a moment, too.
            let gateway = try await eventually("a node without its default admin address") {
                let taken = try OccupiedPort(9901)
                let gateway = try await Gateway(["serve", "--listen", "127.0.0.1:0", "--upstream", servers[0].url])
                let warning = gateway.process.errors.first {
                    $0.contains("level=warning") && $0.contains("no admin listener")
                }
                return withExtendedLifetime(taken) { warning?.contains(":9901") == true ? gateway : nil }
            }
            #expect(try await Peer.open(gateway.endpoint()).call("counter") == "1")
        }
    }
}
