// Numbers per place, quiet places, and what a break leaves in doubt.
import NIOCore
import Testing
import TransportAPI

@testable import TransportKit

@Suite("Broker: what was sent")
struct SentPlacesTests {
    private func places(max: Int = 10) -> SentPlaces {
        SentPlaces(PlaceNames(prefix: "p", own: .unnamed(1), separator: "."), placesMax: max)
    }

    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

    @Test("Each place has numbers of its own: 1, 2, 3 and so on, one for each piece")
    func counts() {
        var places = places()
        #expect(places.take(.everyone, pieces: 1, now: start).first == 1)
        #expect(places.take(.everyone, pieces: 3, now: start).first == 2)
        #expect(places.take(.everyone, pieces: 1, now: start).first == 5)
        #expect(places.take(.topic("a"), pieces: 1, now: start).first == 1)
        let last = places.last(at: Array("p.all".utf8), now: start + .seconds(2))
        #expect(last.number == 5)
        #expect(last.age == .seconds(2))
        #expect(places.last(at: Array("p.other".utf8), now: start).number == 0)
    }

    @Test("A place that went quiet is told its last number once, until something is sent again")
    func quiet() {
        var places = places()
        _ = places.take(.everyone, pieces: 2, now: start)
        #expect(places.takeQuiet(now: start + .seconds(1)).isEmpty)
        #expect(places.takeQuiet(now: start + .seconds(2)).map(\.number) == [2])
        #expect(places.takeQuiet(now: start + .seconds(3)).isEmpty)
        _ = places.take(.everyone, pieces: 1, now: start + .seconds(3))
        #expect(places.takeQuiet(now: start + .seconds(5)).map(\.number) == [3])
    }

    @Test("No number comes twice at a place, even when too many places were forgotten")
    func bound() {
        var places = places(max: 2)
        _ = places.take(.topic("a"), pieces: 7, now: start)
        _ = places.take(.topic("b"), pieces: 1, now: start)
        #expect(places.take(.topic("c"), pieces: 1, now: start).first == 8)
        #expect(places.take(.topic("a"), pieces: 1, now: start).first == 8)
    }

    @Test("After a break every place is in doubt that was sent to lately")
    func doubt() {
        var places = places()
        _ = places.take(.topic("a"), pieces: 1, now: start)
        _ = places.take(.topic("b"), pieces: 1, now: start + .seconds(50))
        #expect(places.takeDoubtful().isEmpty)
        places.connectionBroke(now: start + .seconds(55))
        #expect(places.takeDoubtful().count == 2)
        // It is the break that counts, however long it takes until there is a connection again.
        places.connectionBroke(now: start + .seconds(70))
        places.connectionBroke(now: start + .seconds(500))
        _ = places.take(.topic("c"), pieces: 1, now: start + .seconds(600))
        #expect(places.takeDoubtful().map(\.name).count == 2)
        #expect(places.takeDoubtful().isEmpty)
    }
}
