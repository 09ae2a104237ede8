// What the scanner finds in good messages: kinds, ids, members of params, `_meta` and result, odd but legal writing.

import MCPWire
import Testing

@Suite struct MessageScannerTests {
    @Test func findsTheMembersOfAStatelessCall() throws {
        let text = #"""
             {"jsonrpc": "2.0", "id": "a\"1", "method": "tools/call", "params": {"name": "get\u005fweather",
              "arguments": {"name": "not me", "id": 7}, "requestState": "s-1", "_meta": {"progressToken": 12,
              "io.modelcontextprotocol/protocolVersion": "2026-07-28",
              "io.modelcontextprotocol/clientCapabilities": {"roots": {}}}}}
            """#
        let scanned = try Scanned(text + " \r\n\t")
        let message = scanned.message
        #expect(message.kind == .request && message.knownMethod == .toolsCall)
        #expect(scanned[\.id] == #""a\"1""#)
        #expect(scanned[\.method] == "tools/call")
        #expect(scanned[\.name] == #"get\u005fweather"#)
        #expect(scanned[\.requestState] == "s-1")
        #expect(scanned[\.progressToken] == "12")
        #expect(scanned[\.metaProtocolVersion] == "2026-07-28")
        #expect(message.hasMeta && message.hasClientCapabilities)
        #expect(scanned[\.range]?.first == "{" && scanned[\.range]?.last == "}")
        #expect(scanned[\.params]?.hasPrefix(#"{"name""#) == true && scanned[\.params]?.hasSuffix("}}}") == true)
        #expect(scanned[\.protocolVersion] == nil && scanned[\.result] == nil && scanned[\.uri] == nil)
    }

    @Test(arguments: [
        (#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "request ping id=1 method=ping"),
        (#"{"method":"ping","id":-7,"jsonrpc":"2.0"}"#, "request ping id=-7 method=ping"),
        (#"{"jsonrpc":"2.0","id":"","method":"x/y"}"#, #"request other id="" method=x/y"#),
        (#"{"jsonrpc":"2.0","id":0,"method":""}"#, "request other id=0 method="),
        (#"{"jsonrpc":"2.0","method":"notifications/x"}"#, "notification otherNotification method=notifications/x"),
        (
            #"{"jsonrpc":"2.0","id":12345678901234567890123,"result":{}}"#,
            "result none id=12345678901234567890123 result=55..<57"
        ),
        (#"{"jsonrpc":"2.0","id":1,"result":null}"#, "result none id=1 result=33..<37"),
        (#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}"#, "error none error=35..<64"),
        (#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"x"}}"#, "error none error=25..<54"),
        (#"{"jsonrpc":"2.0","id":"e","error":{}}"#, #"error none id="e" error=34..<36"#),
        (#"{"jsonrpc":"2.0","id":1,"method":"ping","params":null}"#, "request ping id=1 method=ping params=49..<53"),
        (#"{"jsonrpc":"2.0","id":1,"method":"p\u0069ng"}"#, #"request ping id=1 method=p\u0069ng"#),
        (#"{"jsonrpc":"2.0","id":1,"me\u0074hod":"ping"}"#, "request ping id=1 method=ping"),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"notific\u0061tions/q"}"#,
            #"request otherNotification id=1 method=notific\u0061tions/q"#
        ),
        (
            #"{"jsonrpc":"2.0","id":1,"method":"Tools/call","x":[[],{},"",0.5e-3,-0,true,false,null]}"#,
            "request other id=1 method=Tools/call"
        ),
    ])
    func tellsKindsApart(text: String, expected: String) throws {
        let scanned = try Scanned(text)
        #expect(describe(scanned.message, in: scanned.bytes) == expected)
    }

    @Test(arguments: [
        (#""name":"n","uri":"u","taskId":"t","cursor":"c""#, "name=n uri=u taskId=t cursor=c"),
        (#""name":1,"uri":{},"taskId":null,"cursor":["c"],"requestState":false"#, ""),
        (#""requestId":"r","reason":"x""#, #"requestId="r""#),
        (#""requestId":17"#, "requestId=17"),
        (#""requestId":{"requestId":17}"#, ""),
        (#""progressToken":5"#, ""),
        (#""_meta":{"progressToken":"p"},"progressToken":5"#, #"progressToken="p" hasMeta"#),
        (#""_meta":{"progressToken":true}"#, "hasMeta"),
        (#""_meta":{}"#, "hasMeta"),
        (#""_meta":null"#, ""),
        (#""_meta":[{"progressToken":1}]"#, ""),
        (#""_meta":{"io.modelcontextprotocol/clientCapabilities":null}"#, "hasMeta"),
        (#""_meta":{"io.modelcontextprotocol/protocolVersion":20260728}"#, "hasMeta"),
        (#""protocolVersion":"2025-06-18","capabilities":{}"#, "protocolVersion=2025-06-18"),
        (#""arguments":{"name":"x","_meta":{"progressToken":1},"uri":"y"}"#, ""),
        (#""ur\u0069":"u\u0031""#, #"uri=u\u0031"#),
        (#""resultType":"x","nextCursor":"y","supportedVersions":[]"#, ""),
        (#""n\u00e4me":"x","名前":"y","Name ":"z""#, ""),
    ])
    func findsMembersOfParams(members: String, expected: String) throws {
        let scanned = try Scanned(#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{\#(members)}}"#)
        let found = describe(scanned.message, in: scanned.bytes)
        let head = "request toolsCall id=1 method=tools/call params=55..<\(scanned.bytes.count - 1)"
        #expect(found == (expected.isEmpty ? head : "\(head) \(expected)"))
    }

    @Test(arguments: [
        (#""resultType":"input_required","requestState":"s""#, "resultType=input_required resultRequestState=s"),
        (#""nextCursor":"","tools":[{"name":"x"}]"#, "nextCursor="),
        (#""taskId":"t","resultType":"task""#, "resultType=task resultTaskId=t"),
        (#""task":{"taskId":"t"}"#, ""),
        (#""protocolVersion":"2025-11-25","serverInfo":{"name":"x"}"#, "protocolVersion=2025-11-25"),
        (#""supportedVersions":[ "2026-07-28" ]"#, #"supportedVersions=[ "2026-07-28" ]"#),
        (#""supportedVersions":"2026-07-28""#, ""),
        (#""nextCursor":null,"NextCursor":"x""#, ""),
        (#""name":"x","_meta":{"progressToken":1}"#, ""),
    ])
    func findsMembersOfResult(members: String, expected: String) throws {
        let scanned = try Scanned(#"{"jsonrpc":"2.0","id":1,"result":{\#(members)}}"#)
        let found = describe(scanned.message, in: scanned.bytes)
        let head = "result none id=1 result=33..<\(scanned.bytes.count - 1)"
        #expect(found == (expected.isEmpty ? head : "\(head) \(expected)"))
    }

    @Test func progressNotificationsNameTheirTokenInParams() throws {
        let own = try Scanned(
            #"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"p","progress":1}}"#)
        #expect(own[\.progressToken] == #""p""#)
        let late = try Scanned(#"{"params":{"progressToken":3},"method":"notifications/progress","jsonrpc":"2.0"}"#)
        #expect(late[\.progressToken] == "3")
    }

    @Test func scanAndScanMessageAgree() throws {
        for path in try Resources.examples() {
            let bytes = try OfficialMessageTests.message(from: path)
            guard case .success(.message(let message)) = scanBody(bytes) else {
                Issue.record("\(path) is refused")
                continue
            }
            #expect(describe(message, in: bytes) == describe(try Scanned(bytes).message, in: bytes))
        }
    }

    @Test func everyPrefixOfAMessageEndsEarly() throws {
        for path in try Resources.examples() {
            var bytes = try OfficialMessageTests.message(from: path)
            while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
            for length in 0..<bytes.count {
                let error = refusal(Array(bytes[..<length]))
                #expect(error?.code == .parseError, "\(path), \(length) bytes")
            }
        }
    }

    @Test func absentRangesAreSafeToSlice() {
        #expect(ByteRange.absent.isAbsent && ByteRange.absent.isEmptyRange)
        #expect(!ByteRange(start: 3, end: 3).isAbsent && ByteRange(start: 3, end: 3).count == 0)
        #expect(ByteRange(start: 3, end: 8).range == 3..<8 && ByteRange(start: 3, end: 8).count == 5)
        #expect(ByteRange(start: 8, end: 3).range.isEmpty && ByteRange(start: 8, end: 3).count == 0)
    }
}

extension ByteRange {
    fileprivate var isEmptyRange: Bool { count == 0 && range.isEmpty && range.lowerBound == 0 }
}
