// Values of replies, and what is taken for a number or a word.
#if Redis
import NIOCore
import Testing

@testable import RedisTransport

@Suite("Redis: values")
struct RESPValueTests {
    private func number(_ text: String) -> UInt64? { RESPValue.bytes(ByteBuffer(string: text)).number }

    @Test("Numbers that are sent as bytes have 64 bits and no sign")
    func numbers() {
        #expect(number("0") == 0)
        #expect(number("1764363823000001") == 1_764_363_823_000_001)
        #expect(number("18446744073709551615") == .max)
        let others = ["", "-1", "18446744073709551616", "1.0", "1e3", " 1", "1 ", "1\r\n", "0x10", "one", "\u{663}"]
        for text in others { #expect(number(text) == nil, "\(text)") }
        #expect(RESPValue.bytes(ByteBuffer(bytes: [0xFF, 0x31])).number == nil)
        for value in [RESPValue.status("1"), .error("1"), .integer(1), .null, .array([])] {
            #expect(value.number == nil)
        }
    }

    @Test("Each value answers as what it is, and as nothing else")
    func kinds() {
        let bytes = ByteBuffer(string: "text")
        let values: [RESPValue] = [
            .status("text"), .error("text"), .integer(4), .bytes(bytes), .null, .array([.null]),
        ]
        #expect(values.map(\.text) == ["text", nil, nil, "text", nil, nil])
        #expect(values.map(\.bytes) == [nil, nil, nil, bytes, nil, nil])
        #expect(values.map(\.integer) == [nil, nil, 4, nil, nil, nil])
        #expect(values.map(\.elements) == [nil, nil, nil, nil, nil, [.null]])
    }
}
#endif
