// Puts the counters of all event loops together into one page.
public import NIOCore
internal import Synchronization

extension Gateway {
    /// The metrics page. Completes on `loop`.
    public func metricsText(on loop: any EventLoop) -> EventLoopFuture<String> {
        let copies = allWorkers.map { worker in worker.loop.submit { worker.metricsCopy } }
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
            ("refused", sum.questionsRefused),
        ] {
            text.add([("event", event)], count)
        }
        text.begin(Telemetry.resumes, "counter", "Streams that clients took up again, by outcome.")
        for (outcome, count) in [
            ("replayed", sum.resumes), ("lost", sum.resumesLost), ("refused", sum.resumesRefused),
        ] {
            text.add([("outcome", outcome)], count)
        }
        writeBounds(sum, &text)
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

    /// What is held, and what was given up or refused because of a bound.
    private func writeBounds(_ sum: WorkerMetrics, _ text: inout PrometheusText) {
        text.begin(Telemetry.heldBytes, "gauge", "Bytes that are held, by what they are.")
        for (what, bytes) in [
            ("answers", sum.heldBytes), ("requests", sum.requestBytes), ("replay", sum.replayBytes),
        ] {
            text.add([("of", what)], bytes)
        }
        text.begin(Telemetry.waiting, "gauge", "What waits, by what it is.")
        for (what, count) in [
            ("answers_for_room", sum.heldWaiting), ("own_messages", sum.ownMessages),
            ("questions", sum.questionsOpen),
        ] {
            text.add([("what", what)], count)
        }
        text.begin(Telemetry.boundsHit, "counter", "What was refused, given up or dropped at a bound, by the bound.")
        for (bound, count) in [
            ("sessions", sum.sessionsGivenUp), ("own_messages", sum.ownDropped), ("questions", sum.questionsRefused),
            ("requests", sum.bodiesRefused), ("replay_live", sum.streamsForgotten),
        ] {
            text.add([("bound", bound)], count)
        }
        text.begin(Telemetry.credentials, "counter", "Requests whose instance was asked for its verdict on them first.")
        text.add([("verdict", "asked")], sum.credentialsAsked)
        text.add([("verdict", "refused")], sum.credentialsRefused)
        text.begin(Telemetry.unreadable, "counter", "Events of instances that hold no message that can be read.")
        text.add([], sum.unreadableEvents)
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

extension Worker {
    /// The counters, and what stands in tables now.
    var metricsCopy: WorkerMetrics {
        var copy = metrics
        copy.streamsForgotten = streams.forgotten
        copy.heldBytes = heldBudget.bytes
        copy.heldWaiting = heldBudget.waitingCount
        copy.requestBytes = requestBytes
        copy.replayBytes = streams.liveBytes + streams.completeBytes
        copy.ownMessages = ownMessages.count
        copy.questionsOpen = questions.count
        return copy
    }
}
