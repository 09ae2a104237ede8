"""Several gateway nodes in the place of one: the cases know one address, and their requests go to all nodes in turn.

Imported by running.py, for both SDK versions. It changes where a request goes and the Host header, and nothing else.
"""

import itertools
from collections.abc import Sequence

from raw import httpx


def alternate(origins: Sequence[str]) -> None:
    """From here on, requests to the first origin go to each of them in turn: the first, the second, ..., the first.

    The request extension `node` chooses one by its place instead; places beyond the last begin again, so that what
    is written for two nodes also runs with one.
    """
    urls = [httpx.URL(origin) for origin in origins]
    send = httpx.AsyncHTTPTransport.handle_async_request
    turns = itertools.count()

    async def handle_async_request(
        transport: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        if request.url.netloc != urls[0].netloc:
            return await send(transport, request)
        chosen = request.extensions.get("node")
        place = next(turns) if chosen is None else chosen
        return await send(transport, redirected(request, urls[place % len(urls)]))

    httpx.AsyncHTTPTransport.handle_async_request = handle_async_request  # type: ignore[method-assign]


def redirected(request: httpx.Request, origin: httpx.URL) -> httpx.Request:
    """The same request to another origin. A Host header that a case has chosen itself stays."""
    headers = request.headers.copy()
    if headers["host"].encode() == request.url.netloc:
        headers["host"] = origin.netloc.decode()
    url = request.url.copy_with(host=origin.host, port=origin.port)
    return httpx.Request(request.method, url, headers=headers, stream=request.stream, extensions=request.extensions)
