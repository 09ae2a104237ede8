// The readers against NIOHTTP1: what is accepted here is accepted there, as the same messages. The other direction is
// open, since this side is the stricter one; every way in which it is stricter stands in `Strictness` with its reason.
import Foundation
import HTTPWire
import Testing

@Suite struct OracleTests {
    /// Streams per side in one run; PATCHBAY_SEED chooses which.
    private static let mutations = 20_000

    private static var seed: UInt64 {
        ProcessInfo.processInfo.environment["PATCHBAY_SEED"].flatMap { UInt64($0) } ?? 20_260_728
    }

    @Test(arguments: GoodStream.requests)
    func goodRequestsAgree(good: GoodStream) {
        #expect(Agreement.disagreement(.requests, good.bytes) == nil)
    }

    @Test(arguments: GoodStream.answers)
    func goodAnswersAgree(good: GoodStream) {
        #expect(Agreement.disagreement(.answers, good.bytes) == nil)
        #expect(Agreement.disagreement(.answers, good.bytes, isEnded: true) == nil)
    }

    @Test(arguments: ChunkedBody.good)
    func goodChunksAgree(good: ChunkedBody) {
        #expect(Agreement.disagreement(.requests, chunkedRequest(good.stream)) == nil)
        #expect(Agreement.disagreement(.answers, chunkedAnswer(good.stream)) == nil)
    }

    @Test func stricterCasesAreStricter() {
        for known in StricterCase.all {
            var reader = WireReader(known.side)
            reader.feed(known.bytes)
            #expect(reader.error != nil, "\(known.name)")
            let oracle = Oracle.read(known.side, known.bytes, isEnded: true)
            #expect(Self.acceptsMore(oracle, than: reader.reading), "\(known.name)")
        }
    }

    @Test func looserCasesAreLooser() {
        for known in LooserCase.all {
            let ours = WireReader.read(.requests, known.bytes)
            #expect(ours.ending == .wantsMore(isClean: true), "\(known.name)")
            #expect(Oracle.read(.requests, known.bytes).messages != ours.messages, "\(known.name)")
            // It is left out of the comparison by name, not by chance.
            #expect(Agreement.disagreement(.requests, known.bytes) == nil, "\(known.name)")
        }
    }

    /// The oracle has read a message whole that the other reading has not.
    private static func acceptsMore(_ oracle: WireReading, than ours: WireReading) -> Bool {
        if case .refused = oracle.ending { return false }
        return oracle.messages.filter(\.isComplete).count > ours.messages.filter(\.isComplete).count
    }

    @Test func mutatedRequestsAgree() {
        expectAgreement(
            .requests, good: GoodStream.requests.map(\.bytes) + ChunkedBody.good.map { chunkedRequest($0.stream) },
            bad: RefusedStream.requests.map(\.bytes)
                + RefusedStream.chunks.map { chunkedRequest(String(decoding: $0.bytes, as: UTF8.self)) })
    }

    @Test func mutatedAnswersAgree() {
        expectAgreement(
            .answers, good: GoodStream.answers.map(\.bytes) + ChunkedBody.good.map { chunkedAnswer($0.stream) },
            bad: RefusedStream.answers.map(\.bytes)
                + RefusedStream.chunks.map { chunkedAnswer(String(decoding: $0.bytes, as: UTF8.self)) })
    }

    private func expectAgreement(_ side: WireReading.Side, good: [[UInt8]], bad: [[UInt8]]) {
        let seed = Self.seed
        print("OracleTests: \(Self.mutations) mutations of \(side) with PATCHBAY_SEED=\(seed)")
        let stricter = Set(StricterCase.all.filter { $0.side == side }.compactMap { refusal(side, $0.bytes) })
        var mutator = StreamMutator(seed: seed, good: good, bad: bad)
        var accepted = 0
        for round in 0..<Self.mutations {
            let bytes = mutator.next()
            let name: Comment = "PATCHBAY_SEED=\(seed), round \(round): \(WireReading.ascii(bytes))"
            if let refusal = refusal(side, bytes) {
                let ours = WireReader.read(side, bytes)
                if round % 4 == 0, Self.acceptsMore(Oracle.read(side, bytes), than: ours) {
                    #expect(stricter.contains(refusal), name)
                }
                if ours.messages.isEmpty { continue }
            }
            accepted += 1
            #expect(Agreement.disagreement(side, bytes, isEnded: round % 2 == 0) == nil, name)
        }
        // Without a fair share of accepted streams the comparison would say little.
        #expect(accepted > Self.mutations / 3, "only \(accepted) of \(Self.mutations) streams were accepted")
    }

    private func refusal(_ side: WireReading.Side, _ bytes: [UInt8]) -> String? {
        var reader = WireReader(side)
        reader.feed(bytes)
        return reader.error?.reason
    }

    private func chunkedRequest(_ body: String) -> [UInt8] {
        Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)".utf8)
    }

    private func chunkedAnswer(_ body: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(body)".utf8)
    }
}
