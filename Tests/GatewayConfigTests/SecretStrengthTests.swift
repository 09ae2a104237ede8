// Which secrets are refused because no random generator can have made them. Wording is in the golden files.

import Testing

@testable import GatewayConfig

@Suite struct SecretStrengthTests {
    @Test(arguments: [
        ("", "0 characters"), ("short", "5 characters"), (String(strongSecret.dropLast()), "31 characters"),
        (String(repeating: "k", count: 32), "1 different"), (String(repeating: "k", count: 1000), "1 different"),
        ("ab" + String(repeating: "k", count: 30), "3 different"), ("aabbccddeeffgaabbccddeeffgaabbcc", "7 different"),
        ("0123456789abcdef0123456789abcdef", "repeats"), ("abcdefghabcdefghabcdefghabcdefgha", "repeats"),
        ("correct-horse-correct-horse-correct", "repeats"), (strongSecret + strongSecret, "repeats"),
        (String(repeating: "abcdefgh", count: 1 << 16), "repeats"),
    ])
    func refuses(_ secret: String, _ reason: String) throws {
        let problem = try #require(throws: ValueProblem.self) { try SecretStrength.checked(secret) }
        #expect(problem.predicate.contains(reason))
        #expect(problem.predicate.contains("at least 32 characters from a random generator"))
        #expect(problem.predicate.contains("`openssl rand -base64 32`"))
        #expect(secret.isEmpty || !problem.predicate.contains(secret))
    }

    @Test(arguments: [
        strongSecret, "9f86d081884c7d659a2feaa0c55ad015", "QmFzZTY0IG9mIHRoaXJ0eS10d28gYnl0ZXMuLi4uLi4uLg==",
        "01234567890123456789x0123456789012", "ümläute-Zählen-äls-Zeichen-12345",
        strongSecret + String(repeating: "x", count: 31),
    ])
    func accepts(_ secret: String) throws {
        #expect(try SecretStrength.checked(secret) == secret)
    }

    /// One pass, whatever the text: a file may hold a MiB.
    @Test func longTextsTakeNoTime() throws {
        let text = String(repeating: "a", count: 1 << 19) + "bcdefgh" + String(repeating: "a", count: 1 << 19)
        #expect(try SecretStrength.checked(text) == text)
    }

    @Test func attachmentsAreHeldToTheSame() {
        let flags = AttachmentFlags(
            upstreamName: "main", url: "http://127.0.0.1:9001/mcp", transport: "http", peers: "http://a:7001")
        for weak in [String(repeating: "k", count: 40), "0123456789abcdef0123456789abcdef"] {
            #expect(throws: ConfigError.self) {
                try ConfigLoader.loadAttachment(flags, environment: ["PATCHBAY_SECRET": weak])
            }
        }
    }
}
