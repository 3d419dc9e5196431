"""exchange.py: the look-up of a name and all addresses of a host share the deadline of the request.

Slow servers and redirects are tested in test_endpoint.py, behind an endpoint.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from kg.errors import SightGraphError
from kg.knowledge.exchange import Exchange, opener
from kg.knowledge.remote import RemoteKnowledge


class Hello(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *arguments: Any) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), Hello) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server.server_port
        server.shutdown()


def looked_up(monkeypatch: pytest.MonkeyPatch, *places: tuple[str, int]) -> None:
    """Let every name have these addresses."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", place) for place in places]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_a_look_up_that_hangs_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(10))
    started = time.monotonic()
    remote = RemoteKnowledge("http://endpoint.example/sparql", timeout=0.2, tries=1)
    with pytest.raises(SightGraphError, match=r"did not answer within 0\.[12]\d* s"):
        remote.stated("https://example.org/cat")
    over.set()
    assert time.monotonic() - started < 2


def test_a_name_that_nobody_knows_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    remote = RemoteKnowledge("http://endpoint.example/sparql", tries=1)
    with pytest.raises(SightGraphError, match="cannot be reached: Name or service not known"):
        remote.stated("https://example.org/cat")


def test_the_next_address_is_tried_where_one_refuses(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:  # bound, but nobody listens
        free.bind(("127.0.0.1", 0))
        looked_up(monkeypatch, free.getsockname(), ("127.0.0.1", port))
        request = Exchange("http://two.example/", time.monotonic() + 5)
        with opener().open(request) as answer:
            assert answer.read() == b"hello"


def test_addresses_that_are_silent_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(socket.socket):
        def connect(self, place: Any) -> None:
            time.sleep(self.gettimeout() or 10)
            raise TimeoutError("timed out")

    looked_up(monkeypatch, *[("192.0.2.1", 80)] * 5)
    monkeypatch.setattr(socket, "socket", Silent)
    started = time.monotonic()
    with pytest.raises(OSError, match="timed out"):
        opener().open(Exchange("http://silent.example/", started + 0.3))
    assert time.monotonic() - started < 1
