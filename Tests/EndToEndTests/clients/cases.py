"""The end-to-end cases with the official client of mcp 1.30.0: everything that has sessions.

    python cases.py --url http://127.0.0.1:8080/mcp [--json-url URL] [--stateless-url URL] [--sse-url URL]
                    [--events-url URL] [--tally FILE...] [--case NAME...] [--direct]

Each case prints `ok NAME SECONDS`, `FAIL NAME SECONDS: REASON` or `skip NAME: REASON`; the last line is
`N passed, M failed`. Exits 1 if any failed.
"""

import sys

import exchange_cases
import session_cases
import stream_cases
import wire_cases
from running import Book, main


def whole_book() -> Book:
    whole = Book()
    for part in (session_cases.book, exchange_cases.book, stream_cases.book, wire_cases.book):
        whole.cases.update(part.cases)
    return whole


if __name__ == "__main__":
    sys.exit(main(whole_book(), __doc__))
