// Keys that are not the test node's own.

import SealedBox

enum SealedBoxKey {
    static let own = SealingKey(secret: Array("a secret of the tests".utf8))
    static let other = SealingKey(secret: Array("another secret".utf8))
}
