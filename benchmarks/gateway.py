"""A gateway that accepts everything after a fixed delay, and costs next to no CPU while it does.

``python -m benchmarks.gateway --latency 0.15`` prints its port and runs until it is killed.
"""

from __future__ import annotations

import argparse
import asyncio
import uuid


class Gateway(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, just enough of it for the clients that are measured."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._head = bytearray()
        self._missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if self._missing:
            self._missing -= len(data)
        else:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._head[:end]).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            self._missing = length - (len(self._head) - end - 4)
            self._head.clear()
            if b"expect: 100-continue" in head:
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._missing == 0:
            asyncio.get_running_loop().call_later(self._latency, self._answer)

    def _answer(self) -> None:
        body = b'{"invocation_id": "%s"}' % str(uuid.uuid4()).encode()
        self._transport.write(
            b"HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )


async def serve(latency: float) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Gateway(latency), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.15)
    asyncio.run(serve(parser.parse_args().latency))
