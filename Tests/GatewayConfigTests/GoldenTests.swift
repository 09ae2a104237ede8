// Diagnostics and `print-config`, word for word. `UPDATE_GOLDEN=1 swift test --filter GoldenTests` writes what is seen
// into the files; the diff is then the review.

import Foundation
import GatewayConfig
import Testing

@Suite struct GoldenTests {
    @Test(arguments: try GoldenCase.all())
    func says(_ golden: GoldenCase) throws {
        let output = golden.run()
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
            try golden.update(with: output)
        } else {
            #expect(output == golden.expected)
        }
    }

    @Test func thereAreManyCases() throws {
        #expect(try GoldenCase.all().count >= 40)
    }
}
