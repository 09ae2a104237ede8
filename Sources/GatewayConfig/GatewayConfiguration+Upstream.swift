// An upstream and what belongs to it: instances, TLS, health checks, limits. Pure values; how they are used is the
// business of the HTTP transport and the core.

extension GatewayConfiguration {
    /// A named group of interchangeable server instances, published under one path.
    public struct Upstream: Sendable, Equatable {
        /// `name`: letters, digits, `.`, `_`, `-`; 1 to 64 characters, the first a letter or digit.
        public var name: String
        /// `path`: where clients find it. Starts with `/`, does not end with one, no query, no escapes.
        public var path = "/mcp"
        /// `transport`: how instances are reached: `http`, or the name of a broker for instances that attach
        /// themselves over the servers of `cluster`.
        public var transport = "http"
        /// `instances`: at least one after loading, unless instances attach themselves to the cluster.
        public var instances: [Instance]
        /// `forward_authorization`: passes the client's `Authorization` on. The instances see clients' credentials.
        public var forwardAuthorization = false
        /// `forward_headers`: names of further request headers to pass on, lower case. `Mcp-Param-*` always pass.
        public var forwardHeaders: [String] = []
        /// `forward_answer_headers`: names of further headers of instances' answers that clients get, lower case. None
        /// of them is the gateway's own, belongs to one connection, or is that of `affinity.header`.
        public var forwardAnswerHeaders: [String] = []
        /// `instance_tag`: whether modern results are marked so that a retry returns to its instance.
        public var instanceTag = InstanceTag.auto
        /// `resumable`: whether streams can be resumed.
        public var resumable = Resumable.auto
        /// `era`: what the instances speak; `auto` asks each of them.
        public var era = Era.auto
        /// `tls`: for instances with an `https` URL.
        public var tls = UpstreamTLS()
        /// `health`: the active check.
        public var health = Health()
        /// `connect_timeout`: for a connection, its TLS handshake included. 10 ms to 5 m.
        public var connectTimeout: Duration = .seconds(3)
        /// `answer_timeout`: from the end of the request to the first byte of the answer. 1 s to 24 h. An instance
        /// that answers with JSON does so when the tool is done, so this bounds its tools.
        public var answerTimeout: Duration = .seconds(300)
        /// `idle_timeout`: for an answer or a notification stream that has begun and says nothing more, not even a
        /// comment. 1 s to 168 h. Long, because a quiet tool or stream is not a fault.
        public var idleTimeout: Duration = .seconds(3600)
        /// `max_connections`: open connections to one instance, over all event loops. 1 to 1,000,000.
        public var maxConnections = 10_000
        /// `max_idle_connections`: kept for reuse per instance and event loop. 0 to `maxConnections`.
        public var maxIdleConnections = 128

        public init(name: String, instances: [Instance]) {
            self.name = name
            self.instances = instances
        }

        /// Where a 2024-11-05 client opens its stream: `<path>/sse`, and `/sse` for the upstream at `/mcp`.
        public var ssePaths: [String] {
            let own = path == "/" ? "/sse" : "\(path)/sse"
            return path == "/mcp" ? [own, "/sse"] : [own]
        }

        /// Where a 2024-11-05 client posts: `<path>/messages`.
        public var messagesPath: String {
            path == "/" ? "/messages" : "\(path)/messages"
        }

        /// How logs, metrics and sealed ids name the instances, in their order: the `id`, or host, port and path of
        /// the URL. Its query may hold a key and is never part of a name. Names that would be equal end in `#2`, `#3`
        /// and so on in the order of the file, so they are the same on every node that has the same file.
        public var instanceNames: [String] {
            var counts: [String: Int] = [:]
            return instances.map { instance in
                let name = instance.id ?? instance.url.name
                let count = counts[name, default: 0] + 1
                counts[name] = count
                // No path and no id has a '#'.
                return count == 1 ? name : "\(name)#\(count)"
            }
        }
    }

    /// One running server.
    public struct Instance: Sendable, Equatable {
        /// `url`: its Streamable HTTP endpoint.
        public var url: URLParts
        /// `sse_url`: its HTTP+SSE endpoint of 2024-11-05, when it has one; with the scheme, host and port of `url`.
        public var sseURL: URLParts?
        /// `id`: how logs, metrics and session ids name it, like an upstream's name. `nil`: derived from the URL, see
        /// ``Upstream/instanceNames``.
        public var id: String?
        /// `label`: a version or another mark that operators choose instances by, like an upstream's name.
        public var label: String?
        /// `capacity`: sessions and running calls that it is made for. `nil`: nobody has said.
        public var capacity: Int?

        public init(
            url: URLParts, sseURL: URLParts? = nil, id: String? = nil, label: String? = nil, capacity: Int? = nil
        ) {
            self.url = url
            self.sseURL = sseURL
            self.id = id
            self.label = label
            self.capacity = capacity
        }
    }

    /// How an instance behind `https` proves who it is.
    public struct UpstreamTLS: Sendable, Equatable {
        /// `tls.ca_file`: PEM certificates to trust instead of the system's; readable and with a certificate in it
        /// when it was loaded. Already relative to the working directory, not to the configuration file.
        public var caFile: String?
        /// `tls.verify`: false accepts any certificate.
        public var verify = true
        /// `tls.server_name`: the name to ask for and to check, instead of the URL's host.
        public var serverName: String?

        public init() {}
    }

    /// The active health check and the ejection after failures.
    public struct Health: Sendable, Equatable {
        /// `health.interval`: from one check to the next. 100 ms to 1 h.
        public var interval: Duration = .seconds(5)
        /// `health.timeout`: for the answer to one check. 10 ms to `interval`.
        public var timeout: Duration = .seconds(2)
        /// `health.unhealthy_after`: failures in a row, of checks or calls, that take an instance out. 1 to 100.
        public var unhealthyAfter = 3
        /// `health.healthy_after`: checks in a row that bring it back. 1 to 100.
        public var healthyAfter = 1

        public init() {}
    }

    /// Marks in modern results that name the instance.
    public enum InstanceTag: String, Sendable, CaseIterable {
        case auto, off
    }

    /// Resumption of streams.
    public enum Resumable: String, Sendable, CaseIterable {
        /// Events of stateful sessions get ids, and streams outlive their client for a while.
        case auto
        /// No event ids; a stream ends with its client.
        case off
    }

    /// What an upstream's instances speak.
    public enum Era: String, Sendable, CaseIterable {
        /// Each instance is asked.
        case auto
        /// Revisions up to 2025-11-25.
        case stateful
        /// Revisions from 2026-07-28.
        case stateless
        /// Both at one endpoint.
        case both
    }
}
