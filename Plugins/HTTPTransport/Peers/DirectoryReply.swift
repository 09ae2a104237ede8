// What members answer each other about records, as values and as bytes.
internal import NIOCore
internal import TransportAPI

enum DirectoryReply: Sendable, Equatable {
    case read(DirectoryRead)
    case write(DirectoryWrite)
    case entry(StoredRecord?)
    case copied
    /// The sender of this sees other nodes than the asker.
    case disputed
    case failed(TransportError.Code)

    var cost: Int {
        switch self {
        case .read(.found(let record)): record.value.readableBytes
        case .write(.lost(let record)): record?.value.readableBytes ?? 0
        case .entry(let record): record?.value.readableBytes ?? 0
        default: 0
        }
    }
}

extension DirectoryReply {
    private static let codes: [TransportError.Code] = [
        .unreachable, .timedOut, .interrupted, .overloaded, .tooLarge, .closed,
    ]

    func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .read(.found(let record)):
            buffer.writeInteger(UInt8(1))
            buffer.writeRecord(record)
        case .read(.absent): buffer.writeInteger(UInt8(2))
        case .read(.unknown): buffer.writeInteger(UInt8(3))
        case .write(.written(let revision)): buffer.writeMultipleIntegers(UInt8(4), revision)
        case .write(.lost(let record?)):
            buffer.writeInteger(UInt8(5))
            buffer.writeRecord(record)
        case .write(.lost(nil)): buffer.writeInteger(UInt8(6))
        case .entry(let record?):
            buffer.writeInteger(UInt8(7))
            buffer.writeRecord(record)
        case .entry(nil): buffer.writeInteger(UInt8(8))
        case .copied: buffer.writeInteger(UInt8(9))
        case .disputed: buffer.writeInteger(UInt8(10))
        case .failed(let code):
            buffer.writeMultipleIntegers(UInt8(11), UInt8(Self.codes.firstIndex(of: code) ?? 2))
        }
    }

    init?(_ buffer: inout ByteBuffer) {
        guard let kind = buffer.readInteger(as: UInt8.self) else { return nil }
        switch kind {
        case 1:
            guard let record = buffer.readDirectoryRecord() else { return nil }
            self = .read(.found(record))
        case 2: self = .read(.absent)
        case 3: self = .read(.unknown)
        case 4:
            guard let revision = buffer.readInteger(as: UInt64.self) else { return nil }
            self = .write(.written(revision))
        case 5:
            guard let record = buffer.readDirectoryRecord() else { return nil }
            self = .write(.lost(record))
        case 6: self = .write(.lost(nil))
        case 7:
            guard let record = buffer.readRecord() else { return nil }
            self = .entry(record)
        case 8: self = .entry(nil)
        case 9: self = .copied
        case 10: self = .disputed
        case 11:
            guard let index = buffer.readInteger(as: UInt8.self), index < Self.codes.count else { return nil }
            self = .failed(Self.codes[Int(index)])
        default: return nil
        }
    }
}
