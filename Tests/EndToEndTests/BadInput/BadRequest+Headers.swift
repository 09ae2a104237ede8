// Requests whose headers, session ids, methods or paths are wrong, for the revisions with sessions.

extension BadRequest {
    static let headers: [BadRequest] = [
        draft("another content type", 400, Code.invalidRequest) { draft, _ in draft["Content-Type"] = "text/plain" },
        draft("a content type that begins alike", 400, Code.invalidRequest) { draft, _ in
            draft["Content-Type"] = "application/json5"
        },
        draft("no content type", 400, Code.invalidRequest) { draft, _ in draft["Content-Type"] = nil },
        draft("two content types", 400, Code.invalidRequest) { draft, _ in draft.add("Content-Type", "text/plain") },
        draft("no Accept", 406, Code.invalidRequest) { draft, _ in draft["Accept"] = nil },
        draft("Accept without the event stream", 406, Code.invalidRequest) { draft, _ in
            draft["Accept"] = "application/json"
        },
        draft("Accept without JSON", 406, Code.invalidRequest) { draft, _ in draft["Accept"] = "text/event-stream" },
        draft("Accept that refuses by q=0", 406, Code.invalidRequest) { draft, _ in
            draft["Accept"] = "application/json, text/event-stream;q=0"
        },
        draft("GET that accepts no event stream", 406, Code.invalidRequest) { draft, _ in
            draft.verb = "GET"
            draft["Accept"] = "application/json"
            draft.body = nil
        },
        draft("an encoded body", 415, Code.invalidRequest) { draft, _ in draft.add("Content-Encoding", "gzip") },
        draft("a foreign Origin", 403, Code.invalidRequest) { draft, _ in draft.add("Origin", "http://evil.example") },
        draft("an Origin that begins alike", 403, Code.invalidRequest) { draft, scene in
            draft.add("Origin", "http://127.0.0.1.evil.example:\(scene.gateway.port)")
        },
        draft("the Origin null", 403, Code.invalidRequest) { draft, _ in draft.add("Origin", "null") },
        draft("an empty Origin", 403, Code.invalidRequest) { draft, _ in draft.add("Origin", "") },
        draft("two Origins", 403, Code.invalidRequest) { draft, _ in
            draft.add("Origin", "http://localhost")
            draft.add("Origin", "http://evil.example")
        },
        draft("a foreign Host", 403, Code.invalidRequest) { draft, _ in draft["Host"] = "evil.example" },
        draft("a Host that begins alike", 403, Code.invalidRequest) { draft, _ in
            draft["Host"] = "127.0.0.1.evil.example"
        },
        draft("an empty Host", 403, Code.invalidRequest) { draft, _ in draft["Host"] = "" },
        draft("a Host with a strange port", 403, Code.invalidRequest) { draft, _ in draft["Host"] = "127.0.0.1:80x" },
        draft("an unknown version", 400, Code.unsupportedVersion, id: 1) { draft, _ in
            draft["MCP-Protocol-Version"] = "2099-01-01"
        },
        draft("an empty version", 400, Code.unsupportedVersion, id: 1) { draft, _ in
            draft["MCP-Protocol-Version"] = ""
        },
        draft("a repeated version", 400, Code.unsupportedVersion, id: 1) { draft, _ in
            draft.add("MCP-Protocol-Version", "2025-11-25")
        },
        draft("GET with an unknown version", 400, Code.unsupportedVersion) { draft, _ in
            draft.verb = "GET"
            draft.body = nil
            draft["MCP-Protocol-Version"] = "2099-01-01"
        },
    ]

    static let sessions: [BadRequest] =
        ["POST", "GET", "DELETE"].flatMap { verb in
            [
                session("no session id", verb, 400) { draft, _ in draft["Mcp-Session-Id"] = nil },
                session("a repeated session id", verb, 400) { draft, scene in
                    draft.add("Mcp-Session-Id", scene.peer.session ?? "")
                },
                session("an unknown session id", verb, 404) { draft, _ in draft["Mcp-Session-Id"] = "unknown" },
                session("an empty session id", verb, 404) { draft, _ in draft["Mcp-Session-Id"] = "" },
                session("an altered session id", verb, 404) { draft, scene in
                    draft["Mcp-Session-Id"] = altered(scene.peer.session ?? "")
                },
                session("the session id of another upstream", verb, 404) { draft, scene in
                    draft["Mcp-Session-Id"] = scene.otherPeer.session
                },
                session("a session id that is too long", verb, 404) { draft, _ in
                    draft["Mcp-Session-Id"] = String(repeating: "A", count: 4096)
                },
                session("a session id that is not ASCII", verb, 404) { draft, _ in
                    draft["Mcp-Session-Id"] = "séssion"
                },
                session("a session id with a space", verb, 404) { draft, scene in
                    draft["Mcp-Session-Id"] = "\(scene.peer.session ?? "") \(scene.peer.session ?? "")"
                },
            ]
        }

    /// The id of the request is told where there was one: POST has a body, GET and DELETE have none.
    private static func session(
        _ name: String, _ verb: String, _ status: Int, _ change: @escaping @Sendable (inout Draft, Scene) -> Void
    ) -> BadRequest {
        draft("\(verb) with \(name)", status, Code.invalidRequest, id: verb == "POST" ? 1 : .null) { draft, scene in
            draft.verb = verb
            if verb != "POST" { draft.body = nil }
            change(&draft, scene)
        }
    }

    static let verbsAndPaths: [BadRequest] =
        ["PUT", "PATCH", "TRACE", "OPTIONS", "post", "BREW"].map { verb in
            draft("the method \(verb)", 405, Code.invalidRequest, headers: ["Allow": "GET, POST, DELETE"]) { draft, _ in
                draft.verb = verb
                draft.body = nil
            }
        } + [
            draft("the method HEAD", 405, nil, headers: ["Allow": "GET, POST, DELETE"], hasBody: false) { draft, _ in
                draft.verb = "HEAD"
                draft.body = nil
            },
            draft("PUT with a body", 405, Code.invalidRequest, headers: ["Allow": "GET, POST, DELETE"]) { draft, _ in
                draft.verb = "PUT"
            },
        ]
        + [
            "/", "/nope", "/mcp/", "/MCP", "//mcp", "/mcp/../mcp", "/./mcp", "/%6dcp", "/mcp%00", "/mcp;x", "/mcp/sse",
        ].map { path in
            draft("the path \(path)", 404, Code.invalidRequest) { draft, _ in draft.target = path }
        } + [
            draft("OPTIONS *", 404, Code.invalidRequest) { draft, _ in
                draft.verb = "OPTIONS"
                draft.target = "*"
                draft.body = nil
            },
            draft("POST at the stream of 2024-11-05", 405, Code.invalidRequest, headers: ["Allow": "GET"]) { draft, _ in
                draft.target = "/old/sse"
            },
            draft("GET at the messages of 2024-11-05", 405, Code.invalidRequest, headers: ["Allow": "POST"]) {
                draft, _ in
                draft.verb = "GET"
                draft.target = "/old/messages"
                draft.body = nil
            },
            draft("a message of 2024-11-05 without a session", 400, Code.invalidRequest) { draft, _ in
                draft.target = "/old/messages"
            },
            draft("a message of 2024-11-05 with an unknown session", 404, Code.invalidRequest) { draft, _ in
                draft.target = "/old/messages?session_id=unknown"
            },
            draft("a message of 2024-11-05 in a session of another transport", 404, Code.invalidRequest) {
                draft, scene in
                draft.target = "/old/messages?session_id=\(scene.otherPeer.session ?? "")"
            },
        ]
}
