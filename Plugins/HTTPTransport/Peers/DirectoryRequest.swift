// What members ask each other about records, as values and as bytes.
internal import NIOCore
internal import TransportAPI

/// One call of the port.
enum DirectoryCall: Sendable {
    case read(Key128)
    case create(Key128, ByteBuffer, lifetime: TimeAmount)
    case update(Key128, ByteBuffer, from: UInt64, lifetime: TimeAmount)
    case delete(Key128, from: UInt64)

    var key: Key128 {
        switch self {
        case .read(let key), .create(let key, _, _), .update(let key, _, _, _), .delete(let key, _): key
        }
    }

    var isWrite: Bool { if case .read = self { false } else { true } }
}

enum DirectoryRequest: Sendable {
    /// From an attachment: do it in my name.
    case perform(DirectoryCall)
    /// To the record's home. `view` names the nodes that the sender is connected with: a node with another view does
    /// not serve it.
    case serve(DirectoryCall, view: UInt64)
    /// What do you know of it? A view of 0 is not compared.
    case peek(Key128, view: UInt64)
    /// Keep this copy, unless you know a later one. A view of 0 is not compared.
    case copy(Key128, StoredRecord, view: UInt64)

    var cost: Int {
        switch self {
        case .perform(.create(_, let value, _)), .perform(.update(_, let value, _, _)),
            .serve(.create(_, let value, _), _), .serve(.update(_, let value, _, _), _):
            value.readableBytes
        case .copy(_, let record, _): record.value.readableBytes
        default: 0
        }
    }
}

extension DirectoryCall {
    fileprivate func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .read: buffer.writeInteger(UInt8(1))
        case .create: buffer.writeInteger(UInt8(2))
        case .update: buffer.writeInteger(UInt8(3))
        case .delete: buffer.writeInteger(UInt8(4))
        }
        buffer.writeKey(key)
        switch self {
        case .read: break
        case .create(_, let value, let lifetime):
            buffer.writeTime(lifetime)
            buffer.writeValue(value)
        case .update(_, let value, let revision, let lifetime):
            buffer.writeInteger(revision)
            buffer.writeTime(lifetime)
            buffer.writeValue(value)
        case .delete(_, let revision): buffer.writeInteger(revision)
        }
    }

    fileprivate init?(_ buffer: inout ByteBuffer) {
        guard let kind = buffer.readInteger(as: UInt8.self), let key = buffer.readKey() else { return nil }
        switch kind {
        case 1: self = .read(key)
        case 2:
            guard let lifetime = buffer.readTime(), let value = buffer.readValue() else { return nil }
            self = .create(key, value, lifetime: lifetime)
        case 3:
            guard let revision = buffer.readInteger(as: UInt64.self), let lifetime = buffer.readTime(),
                let value = buffer.readValue()
            else { return nil }
            self = .update(key, value, from: revision, lifetime: lifetime)
        case 4:
            guard let revision = buffer.readInteger(as: UInt64.self) else { return nil }
            self = .delete(key, from: revision)
        default: return nil
        }
    }
}

extension DirectoryRequest {
    func encode(into buffer: inout ByteBuffer) {
        switch self {
        case .perform(let call):
            buffer.writeInteger(UInt8(1))
            call.encode(into: &buffer)
        case .serve(let call, let view):
            buffer.writeMultipleIntegers(UInt8(2), view)
            call.encode(into: &buffer)
        case .peek(let key, let view):
            buffer.writeMultipleIntegers(UInt8(3), view)
            buffer.writeKey(key)
        case .copy(let key, let record, let view):
            buffer.writeMultipleIntegers(UInt8(4), view)
            buffer.writeKey(key)
            buffer.writeRecord(record)
        }
    }

    init?(_ buffer: inout ByteBuffer) {
        guard let kind = buffer.readInteger(as: UInt8.self) else { return nil }
        if kind == 1 {
            guard let call = DirectoryCall(&buffer) else { return nil }
            self = .perform(call)
            return
        }
        guard let view = buffer.readInteger(as: UInt64.self) else { return nil }
        switch kind {
        case 2:
            guard let call = DirectoryCall(&buffer) else { return nil }
            self = .serve(call, view: view)
        case 3:
            guard let key = buffer.readKey() else { return nil }
            self = .peek(key, view: view)
        case 4:
            guard let key = buffer.readKey(), let record = buffer.readRecord() else { return nil }
            self = .copy(key, record, view: view)
        default: return nil
        }
    }
}
