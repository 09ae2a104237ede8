// A record as nodes keep and copy it, and the parts of records as bytes. Lifetimes travel as what is left of them,
// never as a time of day, so that clocks need not agree.
internal import NIOCore
internal import TransportAPI

/// A record as nodes keep and copy it.
struct StoredRecord: Equatable, Sendable {
    var value: ByteBuffer
    var revision: UInt64
    /// It was deleted; that is remembered until its old expiry.
    var isDeleted: Bool
    /// What is left of its lifetime.
    var remaining: TimeAmount

    var record: DirectoryRecord? { isDeleted ? nil : DirectoryRecord(value: value, revision: revision) }
}

extension ByteBuffer {
    mutating func writeKey(_ key: Key128) { writeMultipleIntegers(key.high, key.low) }

    mutating func readKey() -> Key128? {
        readMultipleIntegers(as: (UInt64, UInt64).self).map { Key128(high: $0.0, low: $0.1) }
    }

    mutating func writeValue(_ value: ByteBuffer) {
        writeInteger(UInt32(clamping: value.readableBytes))
        writeImmutableBuffer(value)
    }

    /// A copy of its own, so that a small record does not hold on to a large frame.
    mutating func readValue() -> ByteBuffer? {
        readInteger(as: UInt32.self).flatMap { readBytes(length: Int($0)) }.map { ByteBuffer(bytes: $0) }
    }

    mutating func writeTime(_ time: TimeAmount) { writeInteger(UInt64(clamping: time.nanoseconds)) }

    mutating func readTime() -> TimeAmount? {
        readInteger(as: UInt64.self).map { .nanoseconds(Int64(clamping: $0)) }
    }

    mutating func writeRecord(_ record: StoredRecord) {
        writeMultipleIntegers(record.revision, UInt8(record.isDeleted ? 1 : 0))
        writeTime(record.remaining)
        writeValue(record.value)
    }

    mutating func readRecord() -> StoredRecord? {
        guard let (revision, flag) = readMultipleIntegers(as: (UInt64, UInt8).self), let remaining = readTime(),
            let value = readValue()
        else { return nil }
        return StoredRecord(value: value, revision: revision, isDeleted: flag == 1, remaining: remaining)
    }

    mutating func writeRecord(_ record: DirectoryRecord) {
        writeInteger(record.revision)
        writeValue(record.value)
    }

    mutating func readDirectoryRecord() -> DirectoryRecord? {
        guard let revision = readInteger(as: UInt64.self), let value = readValue() else { return nil }
        return DirectoryRecord(value: value, revision: revision)
    }
}
