// Writing a number without making a String of it.
public import NIOCore

extension ByteBuffer {
    /// Appends `number` (not negative) in decimal.
    public mutating func writeDecimal(_ number: Int) {
        var rest = UInt(clamping: number)
        var digits = InlineArray<20, UInt8>(repeating: 0x30)
        var first = 20
        repeat {
            first -= 1
            digits[first] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
            rest /= 10
        } while rest > 0
        digits.span.extracting(first..<20).withUnsafeBytes { _ = writeBytes($0) }
    }
}
