"""A connection between two gateway nodes that can be stopped, cut, garbled and replayed: a TCP relay.

Started by the end-to-end tests, in place of a node's cluster port. Prints `ready PORT CONTROL`; whoever connects to the
control port sends one command per line and gets one line back:

    stall     take no more bytes from either side; connections stay open
    cut       reset all connections and refuse new ones
    go        relay again
    garble    flip one bit of the next piece in each direction
    replay    send what each connection so far has sent towards the target again, on connections of their own;
              answers with how many there were and how many bytes came back in all
"""

import argparse
import asyncio
import contextlib
import os
import sys
import threading

PIECE = 64 * 1024
KEPT_BYTES = 16 * 1024 * 1024
REPLAY_SECONDS = 2.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Wire:
    def __init__(self, target: int) -> None:
        self._target = target
        self._going = asyncio.Event()
        self._going.set()
        self._is_cut = False
        self._garble: set[str] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._sent: list[bytearray] = []

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from its start to its end."""
        if self._is_cut:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        sent = bytearray()
        self._sent.append(sent)
        self._writers |= {writer, back}
        await asyncio.gather(self._copy(reader, back, "there", sent), self._copy(there, writer, "back", bytearray()))
        self._writers -= {writer, back}

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: str, kept: bytearray
    ) -> None:
        try:
            while piece := await reader.read(PIECE):
                await self._going.wait()
                if direction in self._garble:
                    self._garble.discard(direction)
                    piece = piece[:-1] + bytes([piece[-1] ^ 1])
                if len(kept) < KEPT_BYTES:
                    kept += piece
                writer.write(piece)
                await writer.drain()
                await self._going.wait()
        except OSError:
            pass
        writer.close()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).decode().strip():
            writer.write((await self._obey(line) + "\n").encode())
        writer.close()

    async def _obey(self, command: str) -> str:
        if command == "stall":
            self._going.clear()
        elif command == "go":
            self._is_cut = False
            self._going.set()
        elif command == "cut":
            self._is_cut = True
            for writer in self._writers:
                writer.transport.abort()
        elif command == "garble":
            self._garble = {"there", "back"}
        elif command == "replay":
            earlier = [bytes(sent) for sent in self._sent if sent]
            answers = await asyncio.gather(*(self._replay(sent) for sent in earlier))
            return f"{len(earlier)} {sum(answers)}"
        else:
            return f"unknown command {command!r}"
        return command

    async def _replay(self, sent: bytes) -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target)
        received = 0
        with contextlib.suppress(OSError, TimeoutError):
            writer.write(sent)
            async with asyncio.timeout(REPLAY_SECONDS):
                while piece := await reader.read(PIECE):
                    received += len(piece)
        writer.transport.abort()
        return received


def exit_with_stdin() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(0)


async def serve(target: int) -> None:
    wire = Wire(target)
    relaying = await asyncio.start_server(wire.relay, "127.0.0.1", 0)
    controlling = await asyncio.start_server(wire.control, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (relaying, controlling)]
    threading.Thread(target=exit_with_stdin, daemon=True).start()
    print(f"ready {ports[0]} {ports[1]}", flush=True)
    await relaying.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", type=int, required=True, help="the port on loopback that it relays to")
    asyncio.run(serve(parser.parse_args().target))


if __name__ == "__main__":
    main()
