// The per-loop cache of opened session ids: exact matches only, ended sessions out, never above its bound.

import Testing

@testable import GatewayCore

@Suite struct TokenCacheTests {
    private func find(_ cache: TokenCache, _ text: String) -> Session? {
        Array(text.utf8).withUnsafeBytes { cache.find($0) }
    }

    private func insert(_ cache: inout TokenCache, _ text: String, _ session: Session) {
        Array(text.utf8).withUnsafeBytes { cache.insert($0, session) }
    }

    @Test func findsTheExactTokenOnly() {
        var cache = TokenCache(entriesMax: 10)
        let session = Sessions.make(1)
        insert(&cache, "abcdefghijklmnop", session)
        #expect(find(cache, "abcdefghijklmnop") === session)
        // The same end, which is what the cache sorts by, and another beginning.
        #expect(find(cache, "Xbcdefghijklmnop") == nil)
        #expect(find(cache, "bcdefghijklmnop") == nil)
        #expect(find(cache, "abcdefghijklmnoq") == nil)
        #expect(find(cache, "aabcdefghijklmnop") == nil)
    }

    @Test(arguments: ["", "a", "elevenbytes", "twelve bytes"])
    func bearsTextsOfAnyLength(_ text: String) {
        var cache = TokenCache(entriesMax: 10)
        #expect(find(cache, text) == nil)
        let session = Sessions.make(1)
        insert(&cache, text, session)
        #expect(find(cache, text) === session)
    }

    @Test func forgetsWhatHasEndedWhenSwept() {
        var cache = TokenCache(entriesMax: 10)
        let (ended, live) = (Sessions.make(1), Sessions.make(2))
        insert(&cache, "a-token-of-the-first", ended)
        insert(&cache, "b-token-of-the-other", live)
        ended.end()
        cache.sweep()
        #expect(cache.count == 1)
        #expect(find(cache, "b-token-of-the-other") === live)
    }

    @Test func staysWithinItsBound() {
        var cache = TokenCache(entriesMax: 64)
        let session = Sessions.make(1)
        for number in 0..<1000 {
            insert(&cache, "token-\(number)-\(number)-\(number)-\(number)", session)
            #expect(cache.count <= 64)
        }
        #expect(find(cache, "token-999-999-999-999") === session)
    }
}
