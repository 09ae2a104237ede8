// Puts the counters of all event loops together into one page.
public import NIOCore
internal import Synchronization

extension Gateway {
    /// The metrics page. Completes on `loop`.
    public func metricsText(on loop: any EventLoop) -> EventLoopFuture<String> {
        let copies = allWorkers.map { worker in worker.loop.submit { worker.metrics } }
        return EventLoopFuture.whenAllSucceed(copies, on: loop).map { self.render($0) }
    }

    /// Why the node should get no traffic.
    public var unreadyReason: String {
        isLeaving ? "draining" : "no instance of any upstream has answered yet"
    }

    private func render(_ copies: [WorkerMetrics]) -> String {
        var sum = WorkerMetrics(upstreams: parts.upstreams.count)
        for copy in copies { sum.add(copy) }
        var text = PrometheusText()
        let names = parts.upstreams.map(\.name)
        sum.write(names, to: &text)
        text.begin(Telemetry.retries, "counter", "Requests that were tried again, by upstream.")
        for (name, count) in zip(names, sum.retries) { text.add([("upstream", name)], count) }
        text.begin(Telemetry.sessions, "gauge", "Sessions that this node holds.")
        text.add([], sessions.count)
        text.begin(Telemetry.streams, "gauge", "Open GET streams of clients.")
        text.add([], sum.streams)
        text.begin(Telemetry.exchanges, "gauge", "Exchanges that run now, streams included.")
        text.add([], sum.exchanges)
        text.begin(Telemetry.detached, "gauge", "Exchanges whose client has left and whose answer is read to its end.")
        text.add([], sum.detached)
        text.begin(Telemetry.slowClients, "counter", "Streams closed because their client read too slowly.")
        text.add([], sum.slowClients)
        text.begin(Telemetry.questions, "counter", "Requests of servers to clients, and answers to them.")
        for (event, count) in [
            ("asked", sum.questionsAsked), ("answered", sum.questionsAnswered), ("expired", sum.questionsExpired),
            ("late_answer", sum.answersLate), ("refused_answer", sum.answersRefused),
        ] {
            text.add([("event", event)], count)
        }
        text.begin(Telemetry.resumes, "counter", "Streams that clients took up again, by outcome.")
        for (outcome, count) in [
            ("replayed", sum.resumes), ("lost", sum.resumesLost), ("refused", sum.resumesRefused),
        ] {
            text.add([("outcome", outcome)], count)
        }
        text.begin(Telemetry.directoryFailures, "counter", "Calls of the session directory that failed.")
        text.add([], sum.recordFailures)
        text.begin(Telemetry.logEvents, "counter", "Events that the stream log has taken while nobody listened.")
        text.add([], sum.logEvents)
        text.begin(Telemetry.logStreams, "counter", "Streams that the stream log has to their end.")
        text.add([], sum.logStreams)
        text.begin(Telemetry.logFailures, "counter", "Calls of the stream log that failed.")
        text.add([], sum.logFailures)
        text.begin(Telemetry.members, "gauge", "Other members of the cluster that are there.")
        text.add([], sum.members)
        text.begin(Telemetry.draining, "gauge", "1 while the node shuts down.")
        text.add([], isLeaving ? 1 : 0)
        writeInstances(&text)
        return text.text
    }

    private func writeInstances(_ text: inout PrometheusText) {
        func each(_ name: String, _ help: String, _ value: (Instance) -> Int) {
            text.begin(name, "gauge", help)
            for upstream in parts.upstreams {
                for instance in upstream.instances {
                    text.add([("upstream", upstream.name), ("instance", instance.name)], value(instance))
                }
            }
        }
        each(Telemetry.instanceUp, "1 if the instance has answered and is not ejected.") { $0.isProven ? 1 : 0 }
        each(Telemetry.instanceLoad, "Exchanges that run on the instance.") { $0.active.load(ordering: .relaxed) }
        each(Telemetry.instanceSessions, "Sessions that live on the instance.") { $0.sessions.load(ordering: .relaxed) }
    }
}
