"""The local IoT Wireless service on an HTTP port of this machine."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from fuota_constructs.local.iotwireless.response import json_response
from fuota_constructs.local.own_names import OwnNames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuota_constructs.local.iotwireless.service import IotWirelessService


@contextmanager
def serve(service: IotWirelessService, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 while the context lasts, on a free port by default; gives the endpoint URL.

    Programs of this machine are answered without a signature (a local cloud wants one), web pages are not.
    """
    server = _Server(service, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="iotwireless", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for every thread, so that no socket is left behind
    request_queue_size = 128

    def __init__(self, service: IotWirelessService, port: int) -> None:
        self.service = service
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(("127.0.0.1", port), _Handler)
        self.names = OwnNames("http", self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        # Clients keep their connections open; end them, or the threads that read them would never finish.
        with self._connections_lock:
            for connection in self._connections:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:  # the client may have gone at this moment
                    continue
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong here; a client that has gone before its answer came did no wrong."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536  # head and body leave in one packet

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        given = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in self.headers.items()]
        if complaint := self.server.names.complaint(given, self.path.encode("latin-1")):
            status, headers, answer = json_response(403, {"message": complaint})
        else:
            status, headers, answer = asyncio.run(
                self.server.service.handle(
                    self.command,
                    path,
                    {name.lower(): value for name, value in self.headers.items()},
                    body,
                    parse_qs(query, keep_blank_values=True),
                )
            )
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:  # noqa: PLR2004  # No Content has no Content-Length (RFC 9110, 8.6)
            self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def finish(self) -> None:
        """Close both directions, also where there is nobody any more to take the rest of the answer."""
        try:
            super().finish()
        finally:
            self.rfile.close()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  # names of BaseHTTPRequestHandler

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # signature of the base class
        """Keep quiet: GET /_fuota/requests is the log."""
