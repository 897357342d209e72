"""Lets redshift_connector talk to PostgreSQL, which refuses some of its start-up parameters.

The packet that opens a connection is passed on without these, and the server is made to call itself version 8.0.2, as
Redshift does. Everything else goes through as it is.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
from collections.abc import Iterator

_REFUSED = {
    b"client_protocol_version",
    b"driver_version",
    b"driver_discovery_version",
    b"os_version",
    b"plugin_name",
}
_SSL_REQUEST = 80877103
_PROTOCOL_3 = b"\x00\x03\x00\x00"
_SASL, _SASL_FINAL = 10, 12


class Proxy(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine.

    :param upstream: port of the PostgreSQL server.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, upstream: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = upstream

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @classmethod
    @contextlib.contextmanager
    def running(cls, upstream: int) -> Iterator[Proxy]:
        proxy = cls(upstream)
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            proxy.server_close()


class _Handler(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            packet = self._first_packet()
            upstream = socket.create_connection(("127.0.0.1", self.server.upstream))
            for side in (upstream, self.request):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            upstream.sendall(struct.pack("!i", len(packet) + 4) + packet)
            if packet[:4] == _PROTOCOL_3:
                _greet(upstream, self.request)
            threading.Thread(target=_pump, args=(upstream, self.request), daemon=True).start()
            _pump(self.request, upstream)

    def _first_packet(self) -> bytes:
        while True:
            (length,) = struct.unpack("!i", _read(self.request, 4))
            body = _read(self.request, length - 4)
            if struct.unpack("!i", body[:4])[0] != _SSL_REQUEST:
                break
            self.request.sendall(b"N")
        if body[:4] != _PROTOCOL_3:
            return body
        parts = body[4:].split(b"\0")
        kept = [(k, v) for k, v in zip(parts[0::2], parts[1::2], strict=False) if k and k not in _REFUSED]
        return body[:4] + b"".join(k + b"\0" + v + b"\0" for k, v in kept) + b"\0"


def _greet(upstream: socket.socket, client: socket.socket) -> None:
    """Pass on what comes before the first query."""
    while True:
        kind = _read(upstream, 1)
        (length,) = struct.unpack("!i", _read(upstream, 4))
        body = _read(upstream, length - 4)
        if kind == b"S" and body.startswith(b"server_version\0"):
            body = b"server_version\x008.0.2\x00"
        if kind == b"R" and struct.unpack("!i", body[:4])[0] == _SASL:
            body = body[:-1]  # the driver takes what ends the list of mechanisms for one more of them
        client.sendall(kind + struct.pack("!i", len(body) + 4) + body)
        if kind in (b"Z", b"E"):
            return
        if kind == b"R" and body != b"\0\0\0\0" and struct.unpack("!i", body[:4])[0] != _SASL_FINAL:
            kind = _read(client, 1)
            (length,) = struct.unpack("!i", _read(client, 4))
            upstream.sendall(kind + struct.pack("!i", length) + _read(client, length - 4))


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass  # one of the two is gone, which the other is told below
    finally:
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)


def _read(source: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        more = source.recv(length - len(data))
        if not more:
            raise ConnectionError("closed while a message was read")
        data += more
    return data
