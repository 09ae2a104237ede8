// The name of an exchange at its host.
internal import TransportAPI

/// An exchange belongs to the member that opened it: the same number from another one is another exchange.
struct RelayKey: Hashable {
    var caller: MemberID
    var exchange: UInt64
}
