// What a link's frames promise: they open once, unchanged and in their order, and in no other way.
import Testing

@testable import SealedBox

@Suite("Frames of a link")
struct FrameCipherTests {
    private let key = [UInt8](repeating: 7, count: FrameCipher.keyCount)
    private let header: [UInt8] = [0, 0, 0, 9]

    private func seal(_ plaintext: [UInt8], with cipher: FrameCipher) -> [UInt8] {
        var frame = plaintext + [UInt8](repeating: 0, count: FrameCipher.tagCount)
        let sealed = header.withUnsafeBytes { header in
            frame.withUnsafeMutableBytes { cipher.seal($0, header: header) }
        }
        #expect(sealed)
        return frame
    }

    private func open(_ frame: [UInt8], with cipher: FrameCipher, header: [UInt8]? = nil) -> [UInt8]? {
        var output = [UInt8](repeating: 0, count: max(0, frame.count - FrameCipher.tagCount))
        let isOpen = frame.withUnsafeBytes { frame in
            (header ?? self.header).withUnsafeBytes { header in
                output.withUnsafeMutableBytes { cipher.open(frame, header: header, into: $0) }
            }
        }
        return isOpen ? output : nil
    }

    @Test("Frames open in their order, over changes of the key too")
    func opensInOrder() throws {
        let sealing = try FrameCipher(key: key, .sealing, framesPerKey: 3, bytesPerKey: 100)
        let opening = try FrameCipher(key: key, .opening, framesPerKey: 3, bytesPerKey: 100)
        for count in [0, 1, 60, 60, 60, 2, 3, 4, 500, 500, 5] {
            let plaintext = [UInt8](repeating: UInt8(count % 251), count: count)
            #expect(open(seal(plaintext, with: sealing), with: opening) == plaintext, "\(count) bytes")
        }
    }

    @Test("Equal frames look different each time")
    func neverRepeats() throws {
        let sealing = try FrameCipher(key: key, .sealing, framesPerKey: 4, bytesPerKey: 1 << 20)
        let frames = (0..<20).map { _ in seal([1, 2, 3], with: sealing) }
        #expect(Set(frames).count == frames.count)
    }

    @Test("A repeated, left out or moved frame does not open")
    func refusesOtherOrders() throws {
        let sealing = try FrameCipher(key: key, .sealing)
        let frames = (0..<4).map { seal([UInt8($0)], with: sealing) }
        for order in [[0, 0], [1], [0, 2], [0, 1, 3], [3]] {
            let opening = try FrameCipher(key: key, .opening)
            for index in order.dropLast() { #expect(open(frames[index], with: opening) == [UInt8(index)]) }
            #expect(open(frames[order[order.count - 1]], with: opening) == nil, "\(order)")
        }
    }

    @Test("A frame with any byte altered, cut, or under another header or key does not open")
    func refusesAlterations() throws {
        let frame = seal([1, 2, 3], with: try FrameCipher(key: key, .sealing))
        for index in frame.indices {
            var altered = frame
            altered[index] ^= 0x80
            #expect(open(altered, with: try FrameCipher(key: key, .opening)) == nil)
        }
        #expect(open(Array(frame.dropLast()), with: try FrameCipher(key: key, .opening)) == nil)
        #expect(open([], with: try FrameCipher(key: key, .opening)) == nil)
        #expect(open(frame, with: try FrameCipher(key: key, .opening), header: [0, 0, 0, 8]) == nil)
        let other = [UInt8](repeating: 8, count: FrameCipher.keyCount)
        #expect(open(frame, with: try FrameCipher(key: other, .opening)) == nil)
    }
}
