// What loading gives when it succeeds: the forms of the documentation, precedence, origins, references, and what
// `print-config` shows. Wording of failures is in the golden files.

import GatewayConfig
import Testing

@Suite struct LoadingTests {
    private let key = "0123456789abcdef-fedcba987654321"
    private let oldKey = "fedcba9876543210-0123456789abcde"

    @Test func acceptsEveryFormOfAnInstance() throws {
        let loaded = try load(
            """
            upstreams:
              - name: main
                instances:
                  - http://127.0.0.1:9001/mcp
                  - {url: "http://127.0.0.1:9002/mcp", sse_url: "http://127.0.0.1:9002/sse", id: two, label: v1,
                     capacity: 50}
            cluster: {transport: memory}
            admin: {listen: 127.0.0.1:9999}
            """)
        let upstream = try #require(loaded.configuration.upstreams.first)
        let second = GatewayConfiguration.Instance(
            url: try URLParts("http://127.0.0.1:9002/mcp"), sseURL: try URLParts("http://127.0.0.1:9002/sse"),
            id: "two", label: "v1", capacity: 50)
        #expect(upstream.instances == [.init(url: try URLParts("http://127.0.0.1:9001/mcp")), second])
        #expect(upstream.ssePaths == ["/mcp/sse", "/sse"])
        #expect(upstream.messagesPath == "/mcp/messages")
        #expect(loaded.configuration.admin.listen == Address(host: "127.0.0.1", port: 9999))
        #expect(loaded.configuration.admin.isExplicit)
    }

    @Test func readsEveryKind() throws {
        let configuration = try load(
            """
            event_loops: 3
            drain_delay: 250ms
            session_idle: 2m
            session_max_age: 2h
            allowed_hosts: [Mcp.Example.com, "[::1]:99"]
            allowed_origins: ["http://LOCALHOST:80"]
            principal_from: X-User
            affinity: {header: Patchbay-Node, cookie: Node}
            access_log: true
            log_level: debug
            limits: {body: 5, header: 1KiB, connections: 7}
            upstreams:
              - name: "7"
                path: /a/b
                instances: [http://a]
                instance_tag: off
                era: both
                forward_headers: [X-One, x-two]
                health: {interval: 1s, timeout: 1000ms}
            """.replacing("body: 5", with: "body: 5000")).configuration
        #expect(configuration.eventLoops == 3)
        #expect(configuration.drainDelay == .milliseconds(250))
        #expect(configuration.sessionIdle == .seconds(120))
        #expect(configuration.sessionMaxAge == .seconds(7200))
        #expect(configuration.allowedHosts == ["mcp.example.com", "[::1]:99"])
        #expect(configuration.allowedOrigins == ["http://localhost"])
        #expect(configuration.principalFrom == "x-user")
        #expect(
            configuration.affinity.lines("n-1")
                == "patchbay-node: n-1\r\nSet-Cookie: Node=n-1; Path=/; HttpOnly; SameSite=Lax\r\n")
        #expect(GatewayConfiguration.Affinity().lines("n-1") == "")
        #expect(configuration.accessLog)
        #expect(configuration.logLevel == .debug)
        #expect(configuration.limits.body == 5000)
        #expect(configuration.limits.header == 1024)
        #expect(configuration.limits.connections == 7)
        let upstream = try #require(configuration.upstreams.first)
        #expect(upstream.name == "7")
        #expect(upstream.instanceTag == .off)
        #expect(upstream.era == .both)
        #expect(upstream.forwardHeaders == ["x-one", "x-two"])
        #expect(upstream.health.timeout == .seconds(1))
    }

    @Test func secretIsOneOrTwo() throws {
        let environment = ["A": key]
        let files = ["b": oldKey + "\n", "/c": oldKey + "\r\n"]
        let read = { (line: String) throws(ConfigError) in
            try load(line + "\n" + smallUpstream, environment: environment, files: files).configuration.secret
        }
        #expect(try read("secret: ${env:A}") == [key])
        #expect(try read("secret: ['${env:A}', '${file:b}']") == [key, oldKey])
        #expect(try read("secret: '${file:/c}'") == [oldKey])
        #expect(try read("secret: null") == [])
        #expect(try read("secret: []") == [])
        #expect(try read("") == [])
    }

    @Test func filesAreBesideTheConfiguration() throws {
        let text = "secret: ${file:keys/one}\n" + smallUpstream
        var asked: [String] = []
        _ = try? ConfigLoader.load(file: "/etc/patchbay/main.yaml", environment: [:], readFile: { path in
            asked.append(path)
            return path.hasSuffix(".yaml") ? text : "short"
        })
        #expect(asked == ["/etc/patchbay/main.yaml", "/etc/patchbay/keys/one"])
    }

    /// Whatever goes wrong with a value that came through a reference, nobody reads the value.
    @Test(arguments: [
        "listen", "secret", "event_loops", "drain_timeout", "session_max_age", "allow_anonymous", "principal_from",
        "log_level", "access_log", "admin.listen", "cluster.transport", "limits.body", "limits.connections",
        "timeouts.head", "allowed_hosts[]", "allowed_origins[]",
    ])
    func diagnosticsHideReferences(_ key: String) {
        let parts = key.split(separator: ".")
        let name = (parts.last ?? "").replacing("[]", with: "")
        let value = key.hasSuffix("[]") ? "['${env:X}']" : "'${env:X}'"
        let line = parts.count == 2 ? "\(parts[0]): {\(name): \(value)}" : "\(name): \(value)"
        let found = diagnostics(line + "\n" + smallUpstream, environment: ["X": "hunter2 "])
        #expect(found.contains { $0.severity == .error && $0.line == 1 })
        #expect(!found.contains { $0.description.contains("hunter2") })
    }

    @Test func checksBetweenValuesHideReferences() {
        let upstream = "{name: '${env:X}', path: '/${env:X}', instances: [{url: 'http://h/', id: '${env:X}'}]}"
        let text = """
            session_idle: ${env:LONG}
            session_max_age: 1h
            listen: ${env:ADDRESS}
            upstreams: [\(upstream), \(upstream), {name: c, path: /c, instances: [a], tls: {ca_file: '${env:X}'}}]
            """
        let environment = ["X": "hunter2", "LONG": "77h", "ADDRESS": "10.77.0.1:80"]
        let found = diagnostics(text, environment: environment)
        #expect(found.filter { $0.severity == .error }.count >= 6)
        for secret in ["hunter2", "77h", "10.77"] {
            #expect(!found.contains { $0.description.contains(secret) })
        }
    }

    @Test func printingHidesSecretsAndReferences() throws {
        let loaded = try load(
            "secret: ['${env:A}', '${file:b}']\nlisten: '127.0.0.1:${env:PORT}'\n" + smallUpstream,
            environment: ["A": key, "PORT": "7777"], files: ["b": oldKey])
        let text = loaded.render()
        #expect(loaded.configuration.listen.port == 7777)
        for secret in [key, oldKey, "7777"] {
            #expect(!text.contains(secret))
        }
        #expect(text.split(separator: "\n").filter { $0.contains("<redacted>") }.count == 3)
    }

    @Test func printedConfigurationLoadsAsTheSame() throws {
        let first = try load(
            """
            listen: "[::1]:8443"
            allowed_hosts: ["[::1]:8443", a.b]
            limits: {body: 1025, event: 3MiB}
            drain_timeout: 1500ms
            upstreams:
              - name: "1e3"
                instances: [{url: "http://a/'x'&r=*", id: "007", label: "true"}, "https://[::1]:9/"]
                tls: {server_name: "null"}
            """)
        let text = first.render()
        #expect(text.split(separator: "\n").allSatisfy { $0.contains("  # ") })
        var second = try load(text).configuration
        second.admin.isExplicit = false
        #expect(second == first.configuration)
    }

    @Test func flagsWinOverEnvironmentOverFile() throws {
        let text = "listen: 127.0.0.1:1\nlog_level: error\nevent_loops: 2\nlimits: {body: 1MiB}\n" + smallUpstream
        let overrides = Overrides(
            listen: "127.0.0.1:2", path: "/x", upstreams: ["http://a/", "http://b/"], logLevel: "trace")
        let loaded = try load(text, overrides, environment: ["PATCHBAY_EVENT_LOOPS": "9"])
        let configuration = loaded.configuration
        #expect(configuration.listen.port == 2)
        #expect(configuration.logLevel == .trace)
        #expect(configuration.eventLoops == 9)
        #expect(configuration.limits.body == 1 << 20)
        #expect(configuration.upstreams.map(\.name) == ["main"])
        #expect(configuration.upstreams.map(\.path) == ["/x"])
        #expect(configuration.upstreams[0].instances.map(\.url.text) == ["http://a/", "http://b/"])
        #expect(loaded.origins["listen"] == .flag("--listen"))
        #expect(loaded.origins["event_loops"] == .environment("PATCHBAY_EVENT_LOOPS"))
        #expect(loaded.origins["limits.body"] == .file(name: "test.yaml", line: 4, column: 16))
        #expect(loaded.origins["limits.event"] == .builtIn)
        #expect(loaded.origins["upstreams[0].path"] == .flag("--path"))
    }

    @Test func flagsAloneAreEnough() throws {
        let loaded = try load(nil, Overrides(upstreams: ["http://127.0.0.1:9001/mcp"]))
        #expect(loaded.warnings == [])
        #expect(loaded.configuration.listen == Address(host: "127.0.0.1", port: 8080))
        #expect(loaded.configuration.upstreams.map(\.path) == ["/mcp"])
        #expect(loaded.configuration.eventLoops == 4)
    }

    @Test func flagsDoNotExpandReferences() {
        let found = diagnostics(nil, Overrides(listen: "${env:X}", upstreams: ["http://a/"]), environment: ["X": "a:1"])
        #expect(found.map(\.file) == ["--listen"])
    }

    @Test(arguments: ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.com:1"], ["listen", "admin"])
    func otherMachinesNeedConsent(_ address: String, _ key: String) throws {
        let line = key == "listen" ? "listen: '\(address)'\n" : "admin: {listen: '\(address)'}\n"
        let refused = try #require(throws: ConfigError.self) { try load(line + smallUpstream) }
        #expect(refused.diagnostics.count == 1)
        #expect(refused.description.contains("allow_anonymous: true"))
        let allowed = try load(line + "allow_anonymous: true\nallowed_hosts: [a]\n" + smallUpstream)
        #expect(allowed.warnings.count == 1)
        #expect(allowed.warnings.allSatisfy { $0.text.contains("other machines") })
    }

    @Test(arguments: ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"])
    func loopbackNeedsNone(_ address: String) throws {
        #expect(try load("listen: '\(address)'\n" + smallUpstream).warnings == [])
    }
}
