// Sessions and groups without a node around them.

import TransportAPI

@testable import GatewayCore

enum Sessions {
    static let group = UpstreamGroup(
        index: 0, name: "main", digest: 1, path: "/mcp",
        instances: [Instance(index: 0, name: "one", digest: 1, hasStreamEndpoint: false)],
        transport: ScriptedUpstream(), options: UpstreamGroup.Options())

    static func make(
        _ low: UInt64, on group: UpstreamGroup = Sessions.group, now: UInt32 = 1, endsAt: UInt32 = 1_000_000
    ) -> Session {
        Session(
            id: SessionID(high: 7, low: low), upstream: group, instance: group.instances[0],
            upstreamSessionID: Array("up".utf8), principal: .anonymous, messagePath: nil, now: now, endsAt: endsAt)
    }

    static func group(
        _ count: Int, eras: [Era] = [], capacities: [Int] = [], hasStreamEndpoint: Bool = false, path: String = "/mcp"
    ) -> UpstreamGroup {
        UpstreamGroup(
            index: 0, name: "main", digest: 1, path: path,
            instances: (0..<count).map {
                Instance(
                    index: $0, name: "instance-\($0)", digest: UInt64($0) + 1, hasStreamEndpoint: hasStreamEndpoint,
                    era: $0 < eras.count ? eras[$0] : .stateful, capacity: $0 < capacities.count ? capacities[$0] : 0)
            }, transport: ScriptedUpstream(), options: UpstreamGroup.Options())
    }
}
