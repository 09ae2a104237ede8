// Seeded random damage to good configurations: loading always ends, says something with a position in the text, or
// gives a configuration whose printed form loads as the same.

import Foundation
import Testing

@testable import GatewayConfig

@Suite struct MutationTests {
    /// SplitMix64; a seed gives the same damage everywhere.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    private static let pieces = [
        "\n", " ", "  ", "\t", ":", ": ", "- ", "[", "]", "{", "}", ",", "#", "&a ", "*a", "!x ", "|", ">", "'", "\"",
        "? ", "---\n", "...\n", "%", "@", "`", "~", "null", "true", "0", "-1", "99999999999999999999", "${env:A}",
        "${file:x}", "${", "<<: ", "\u{0}", "\u{FEFF}", "\r\n", "é", "1.5", "30s", "4MiB", "\\u0000", "listen",
        "instances: ", "upstreams: ", "name: ",
    ]

    /// `PATCHBAY_SEED` runs one seed again; the number of a failing one is in its message. `PATCHBAY_SEED_COUNT` runs
    /// more of them.
    private static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let seed = environment["PATCHBAY_SEED"].flatMap(UInt64.init) { return [seed] }
        return Array(1...max(1, environment["PATCHBAY_SEED_COUNT"].flatMap(UInt64.init) ?? 1500))
    }

    @Test func damagedTextsNeverCrash() throws {
        let sources = try GoldenCase.all().map(\.input).filter { !$0.isEmpty }
        var loadedCount = 0
        for seed in Self.seeds {
            var generator = Generator(state: seed)
            let text = damaged(sources.randomElement(using: &generator) ?? "", &generator)
            do {
                let loaded = try load(text, environment: ["A": "127.0.0.1:1"], files: ["x": "x"])
                loadedCount += 1
                check(loaded, seed)
            } catch {
                check(error, text, seed)
            }
        }
        #expect(loadedCount > 0 || Self.seeds.count == 1, "no text survived its damage, so the check above never ran")
    }

    private func damaged(_ text: String, _ generator: inout Generator) -> String {
        var scalars = Array(text.unicodeScalars)
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...scalars.count, using: &generator)
            let end = min(scalars.count, place + Int.random(in: 0...8, using: &generator))
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: scalars.removeSubrange(place..<end)
            case 1: scalars.insert(contentsOf: scalars[place..<end], at: Int.random(in: 0...place, using: &generator))
            case 2:
                let piece = Self.pieces.randomElement(using: &generator) ?? ""
                scalars.insert(contentsOf: piece.unicodeScalars, at: place)
            default:
                let piece = Self.pieces.randomElement(using: &generator) ?? ""
                scalars.replaceSubrange(place..<end, with: piece.unicodeScalars)
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }

    private func check(_ loaded: LoadedConfiguration, _ seed: UInt64) {
        #expect(!loaded.configuration.upstreams.isEmpty, "seed \(seed)")
        #expect(loaded.warnings.allSatisfy { $0.severity == .warning }, "seed \(seed)")
        let text = loaded.render()
        guard !text.contains(EffectiveYAML.redacted) else { return }
        var again = try? load(text, files: ["x": "x"]).configuration
        again?.admin.isExplicit = loaded.configuration.admin.isExplicit
        #expect(again == loaded.configuration, "seed \(seed)")
    }

    private func check(_ error: ConfigError, _ text: String, _ seed: UInt64) {
        let breaks: [UInt32] = [0x0A, 0x0D, 0x85, 0x2028, 0x2029]
        let lines = text.unicodeScalars.count { breaks.contains($0.value) }
        #expect(error.diagnostics.contains { $0.severity == .error }, "seed \(seed)")
        #expect(error.diagnostics.count <= ConfigBounds.diagnostics + 1, "seed \(seed)")
        for diagnostic in error.diagnostics where diagnostic.line > 0 {
            #expect(diagnostic.line <= lines + 2, "seed \(seed): \(diagnostic)")
            #expect(diagnostic.column > 0 && !diagnostic.text.isEmpty, "seed \(seed): \(diagnostic)")
        }
        #expect(error.diagnostics.allSatisfy { !$0.text.contains("\n") }, "seed \(seed)")
    }
}
