// Which header lines reach the instance and which of its lines reach the client, seen from a recording instance.
import Foundation
import Testing

extension Operations {
    @Suite(.timeLimit(.minutes(5)))
    struct ForwardingTests {
        private static let sent: [(String, String)] = [
            ("Authorization", "Bearer token-of-a-client"), ("X-Tenant", "blue"), ("X-Other", "no"),
            ("Mcp-Param-Region", "eu"), ("mcp-param-zone", "1"), ("traceparent", "00-11-22-01"),
            ("Cookie", "a=b"), ("X-Forwarded-For", "10.0.0.1"), ("Proxy-Authorization", "Basic eA=="),
            ("TE", "trailers"), ("Keep-Alive", "timeout=5"), ("Upgrade", "h2c"), ("X-Dropped", "1"),
            ("Connection", "keep-alive, X-Dropped, Upgrade"),
        ]

        /// What the instance got of a call with all of these headers, and what the client got back.
        private func call(
            _ options: String
        ) async throws -> (arrived: Recording, answer: HTTPAnswer, instance: TestServer, peer: Peer) {
            let recorder = try await TestServer.recorder("headers")
            let gateway = try await Gateway.start(["{name: main, instances: \([recorder].yaml)\(options)}"])
            let peer = try await Peer.open(gateway.endpoint())
            let answer = try await HTTPAnswer.to(
                gateway.endpoint(), "POST", peer.headers + Self.sent, body: Array(Peer.call("any").utf8))
            #expect(answer.status == 200 && answer.toolText == "any", "\(answer.text)")
            let arrived = try await Recording.of(recorder).last { $0.method == "tools/call" }
            return (try #require(arrived), answer, recorder, peer)
        }

        @Test func onlyTheAllowListTravels() async throws {
            let (arrived, _, recorder, peer) = try await call("")
            #expect(arrived["host"] == "127.0.0.1:\(recorder.port)", "the instance's own address")
            #expect(arrived["mcp-param-region"] == "eu" && arrived["mcp-param-zone"] == "1")
            #expect(arrived["traceparent"] == "00-11-22-01")
            #expect(arrived["mcp-protocol-version"] == "2025-11-25")
            #expect(arrived["accept"] == "application/json, text/event-stream")
            #expect(arrived["content-type"] == "application/json")
            for name in [
                "authorization", "x-tenant", "x-other", "cookie", "x-forwarded-for", "proxy-authorization", "te",
                "keep-alive", "upgrade", "x-dropped",
            ] {
                #expect(arrived[name] == nil, "\(name) reached the instance")
            }
            let session = try #require(arrived.session)
            #expect(session != peer.session && session.count == 32, "the instance's own id")
            #expect(arrived.headers.filter { $0.name == "mcp-session-id" }.count == 1)
            #expect(arrived.headers.filter { $0.name == "host" || $0.name == "content-length" }.count == 2)
        }

        @Test func moreTravelsWhenAsked() async throws {
            let (arrived, _, _, _) = try await call(
                ", forward_authorization: true, forward_headers: [x-tenant, X-Forwarded-For]")
            #expect(arrived["authorization"] == "Bearer token-of-a-client")
            #expect(arrived["x-tenant"] == "blue" && arrived["x-forwarded-for"] == "10.0.0.1")
            #expect(arrived["x-other"] == nil && arrived["cookie"] == nil)
        }

        /// RFC 9110 §7.6.1: what `Connection` names is for one connection only, whoever asked for it to be passed on.
        @Test func linesThatConnectionNamesStay() async throws {
            let (arrived, _, _, _) = try await call(", forward_headers: [x-dropped]")
            #expect(arrived["x-dropped"] == nil)
            #expect(arrived["connection"]?.lowercased().contains("x-dropped") != true)
        }

        @Test func theInstancesOwnConnectionStaysItsOwn() async throws {
            let (_, answer, _, _) = try await call("")
            for name in ["X-Own", "Keep-Alive", "Proxy-Authenticate", "Connection", "Mcp-Session-Id"] {
                #expect(answer[name] == nil, "\(name) reached the client")
            }
        }

        @Test func pathAndQueryAreTheInstances() async throws {
            let recorder = try await TestServer.recorder("paths")
            let instance = recorder.url.replacingOccurrences(of: "/mcp", with: "/deep/endpoint")
            let gateway = try await Gateway.start(["{name: main, path: /x, instances: [\"\(instance)\"]}"])
            _ = try await Peer.open(Endpoint(port: gateway.port, path: "/x?token=1"))
            let paths = try await Recording.of(recorder).map(\.path)
            #expect(Set(paths) == ["/deep/endpoint"], "\(paths)")
        }
    }
}
