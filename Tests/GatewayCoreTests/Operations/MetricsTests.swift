// The metrics page and the access log: every request is counted once, with labels from closed sets.

import NIOCore
import Synchronization
import TransportAPI
import Testing

@testable import GatewayCore

@Suite struct MetricsTests {
    private func page(_ node: TestNode) throws -> String {
        // The page is put together from all workers of the node, which here are all on embedded loops.
        var text: String?
        let future = node.gateway.metricsText(on: node.loop)
        future.assumeIsolated().whenSuccess { text = $0 }
        node.runLoops()
        return try #require(text)
    }

    private func lines(_ page: String, _ prefix: String) -> [String] {
        page.split(separator: "\n").map(String.init).filter { $0.hasPrefix(prefix) }
    }

    @Test func countsRequestsByOutcome() throws {
        let node = try TestNode()
        let session = try node.openSession()
        for status in [200, 500] {
            try node.post(Body.call(), session: session.token)
            node.lane.last?.answer(Body.result(), status)
        }
        try node.post(Body.call(), session: session.token)
        node.lane.last?.fail(.cut)
        try node.post(Body.call(), session: session.token).leave()
        node.lane.last?.answer(Body.result())
        try node.post("{")
        let page = try page(node)
        let label = #"patchbay_requests_total{upstream="main",method="tools/call",outcome="#
        #expect(
            Set(lines(page, label)) == [
                label + #""ok"} 1"#, label + #""instance_error"} 1"#, label + #""outcome_unknown"} 1"#,
                label + #""client_left"} 1"#,
            ])
        #expect(
            lines(page, #"patchbay_requests_total{upstream="main",method="initialize""#)
                == [#"patchbay_requests_total{upstream="main",method="initialize",outcome="ok"} 1"#])
        #expect(
            lines(page, #"patchbay_requests_total{upstream="main",method="none""#)
                == [#"patchbay_requests_total{upstream="main",method="none",outcome="refused"} 1"#])
        #expect(lines(page, "patchbay_sessions ") == ["patchbay_sessions 1"])
    }

    @Test func writesAHistogramThatAddsUp() throws {
        let node = try TestNode()
        let session = try node.openSession()
        for _ in 0..<3 {
            try node.post(Body.call(), session: session.token)
            node.lane.last?.answer(Body.result())
        }
        let prefix = "mcp_server_operation_duration_seconds"
        let buckets = lines(try page(node), prefix + #"_bucket{upstream="main",method="tools/call""#)
        #expect(buckets.count == Telemetry.durationBounds.count + 1)
        let counts = buckets.compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(counts == counts.sorted())
        #expect(counts.last == 3)
        #expect(buckets.last?.contains(#"le="+Inf""#) == true)
        let totals = lines(try page(node), prefix + #"_count{upstream="main",method="tools/call""#)
        #expect(totals.first?.hasSuffix(" 3") == true)
    }

    @Test func hasOneTypeLinePerFamilyAndNoSampleTwice() throws {
        let node = try TestNode(instances: 3)
        let session = try node.openSession()
        try node.get(session: session.token)
        let page = try page(node)
        let samples = page.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(Set(samples.map { $0.prefix { $0 != " " } }).count == samples.count)
        let types = lines(page, "# TYPE ").map { $0.split(separator: " ")[2] }
        #expect(Set(types).count == types.count)
        for sample in samples {
            #expect(types.contains { sample.hasPrefix($0) }, "\(sample)")
            #expect(sample.split(separator: " ").count == 2)
        }
        #expect(page.hasSuffix("\n"))
        #expect(lines(page, "patchbay_streams ") == ["patchbay_streams 1"])
        #expect(lines(page, "patchbay_exchanges_active ") == ["patchbay_exchanges_active 1"])
        #expect(lines(page, "patchbay_instance_exchanges_active").count == 3)
    }

    @Test func saysWhetherInstancesAreUp() throws {
        let node = try TestNode()
        node.instances[1].noteAnswer(HealthPolicy(), isCheck: true)
        let up = lines(try page(node), "patchbay_instance_up")
        #expect(up == [
            #"patchbay_instance_up{upstream="main",instance="instance-0"} 0"#,
            #"patchbay_instance_up{upstream="main",instance="instance-1"} 1"#,
        ])
        #expect(lines(try page(node), "patchbay_draining") == ["patchbay_draining 0"])
        node.gateway.announceDrain()
        #expect(lines(try page(node), "patchbay_draining") == ["patchbay_draining 1"])
    }

    @Test func escapesLabels() {
        var text = PrometheusText()
        text.begin("x", "gauge", "help")
        text.add([("a", "q\"b\\s\nn")], 1)
        #expect(text.text.hasSuffix(#"x{a="q\"b\\s\nn"} 1"# + "\n"))
    }

    @Test func sumsWorkers() {
        var one = WorkerMetrics(upstreams: 2)
        var two = WorkerMetrics(upstreams: 2)
        one.record(upstream: 1, method: .ping, outcome: .ok, nanoseconds: 500_000)
        two.record(upstream: 1, method: .ping, outcome: .ok, nanoseconds: 2_000_000_000_000)
        two.record(upstream: 9, method: .ping, outcome: .ok, nanoseconds: 1)
        (two.streams, two.detached, two.slowClients, two.exchanges) = (1, 2, 3, 4)
        one.add(two)
        var text = PrometheusText()
        one.write(["a", "b"], to: &text)
        #expect(text.text.contains(#"patchbay_requests_total{upstream="b",method="ping",outcome="ok"} 2"#))
        #expect(text.text.contains(#"_bucket{upstream="b",method="ping",le="0.001"} 1"#))
        #expect(text.text.contains(#"_bucket{upstream="b",method="ping",le="300.0"} 1"#))
        #expect(text.text.contains(#"_bucket{upstream="b",method="ping",le="+Inf"} 2"#))
        #expect((one.streams, one.detached, one.exchanges) == (1, 2, 4))
        #expect(one.slowClients == 3)
    }
}
