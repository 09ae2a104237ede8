"""The end-to-end cases about resumption, and about sessions that are used at several nodes (mcp 1.30.0).

    python resuming.py --url http://127.0.0.1:8080/mcp --events-url URL [--sse-url URL] [--node ORIGIN...]
                       [--tally FILE...] [--at-once N] [--seed N] [--case NAME...]

The gateway needs `principal_from: x-test-principal`. The lines that are printed are those of cases.py.
"""

import sys

import client_resume_cases
import get_stream_cases
import question_cases
import refusal_cases
import resume_cases
from running import Book, main


def whole_book() -> Book:
    whole = Book()
    for part in (resume_cases, get_stream_cases, question_cases, client_resume_cases, refusal_cases):
        whole.cases.update(part.book.cases)
    return whole


if __name__ == "__main__":
    sys.exit(main(whole_book(), __doc__))
