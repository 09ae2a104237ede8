// Sends every malformed request of the tables to the real gateway and checks its answer, and that a good request works
// behind it: on the same connection where that stays open, else on a new one.
import Testing

@Suite(.serialized)
struct BadInputTests {
    @Test(.timeLimit(.minutes(5)), arguments: BadRequest.all)
    func isRefused(_ bad: BadRequest) async throws {
        let scene = try await Scene.shared.value
        try scene.gateway.process.mustBeAlive()
        let connection = try RawConnection(to: scene.gateway.port)
        await connection.send(bad.bytes(scene))
        let reader = AnswerReader(connection)
        let answer = try await reader.answer(hasBody: bad.hasBody)
        check(answer, bad)
        try await checkThatNextWorks(scene, bad, answer, connection, reader)
    }

    @Test func namesAreUnique() {
        #expect(Set(BadRequest.all.map(\.name)).count == BadRequest.all.count)
        #expect(BadRequest.all.count >= 50)
    }

    private func check(_ answer: HTTPAnswer, _ bad: BadRequest) {
        #expect(answer.status == bad.status, "\(answer.text)")
        for (name, value) in bad.headers { #expect(answer[name] == value) }
        #expect(answer["Mcp-Session-Id"] == nil, "a refusal hands out no session")
        guard let code = bad.code else { return }
        #expect(answer["Content-Type"]?.hasPrefix("application/json") == true)
        let message = answer.json
        #expect(message["jsonrpc"] == "2.0", "\(answer.text)")
        #expect(message["error"]["code"].integer == code, "\(answer.text)")
        #expect(message["error"]["message"].string?.isEmpty == false)
        // Null or left out when it could not be read; revisions differ in that.
        #expect(message["id"] == bad.id, "\(answer.text)")
        #expect(!message.has("result"))
        guard code == Code.unsupportedVersion else { return }
        #expect(!message["error"]["data"]["supported"].list.isEmpty, "\(answer.text)")
        #expect(message["error"]["data"]["requested"].string != nil, "\(answer.text)")
    }

    private func checkThatNextWorks(
        _ scene: Scene, _ bad: BadRequest, _ answer: HTTPAnswer, _ connection: RawConnection, _ reader: AnswerReader
    ) async throws {
        if case .closed = bad.behind { #expect(answer.closes, "the connection must end behind a broken frame") }
        var reader = reader
        if answer.closes {
            #expect(try await reader.seesClose(), "bytes behind the last answer of a connection")
            let next = try RawConnection(to: scene.gateway.port)
            await next.send(scene.draft.bytes)
            reader = AnswerReader(next)
        } else {
            await connection.send(scene.draft.bytes)
        }
        let good = try await reader.answer()
        #expect(good.status == 200 && good.response["result"] == .object([:]), "the next good request: \(good.text)")
        #expect(good.response["id"] == 1)
    }
}
