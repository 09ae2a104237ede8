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
        var mutator = StreamMutator(seed: seed, good: good, bad: bad)
        var accepted = 0
        for round in 0..<Self.mutations {
            let bytes = mutator.next()
            // Nothing was accepted: there is nothing to agree on.
            if WireReader.read(side, bytes).messages.isEmpty { continue }
            accepted += 1
            let disagreement = Agreement.disagreement(side, bytes, isEnded: round % 2 == 0)
            #expect(disagreement == nil, "PATCHBAY_SEED=\(seed), round \(round)")
        }
        // Without a fair share of accepted streams the comparison would say little.
        #expect(accepted > Self.mutations / 5, "only \(accepted) of \(Self.mutations) streams were accepted")
    }

    private func chunkedRequest(_ body: String) -> [UInt8] {
        Array("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(body)".utf8)
    }

    private func chunkedAnswer(_ body: String) -> [UInt8] {
        Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(body)".utf8)
    }
}
