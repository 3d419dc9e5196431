"""One HTTP exchange: one deadline over all of it, redirects included, and no password elsewhere."""

from __future__ import annotations

import socket
import threading
import time
from functools import partial
from http.client import HTTPConnection, HTTPMessage, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from queue import Empty, Queue
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    Request,
    build_opener,
)


class Exchange(Request):
    """A request whose answer must have come, to its last byte, by `until` (monotonic seconds)."""

    until: float

    def __init__(
        self,
        url: str,
        until: float,
        data: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(url, data, headers or {})
        self.until = until

    @property
    def left(self) -> float:
        """Seconds until the deadline, above 0: a socket's time limit of 0 means none at all.

        Raises:
            TimeoutError: the deadline has passed.
        """
        return seconds_left(self.until)


def seconds_left(until: float) -> float:
    """Return the seconds until `until`.

    Raises:
        TimeoutError: none are left.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left


def opener() -> OpenerDirector:
    """Return what opens an `Exchange`; each read of its socket is limited by its deadline."""
    return build_opener(_Http, _Https, _SameRequest)


class _Timed(RawIOBase):
    """What a socket receives, each time with what is left of the deadline as its time limit.

    A time limit of the socket alone would begin anew with each byte that comes.
    """

    def __init__(self, connected: Any, until: float) -> None:
        self._socket, self._until = connected, until
        self._received = connected.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        self._socket.settimeout(seconds_left(self._until))
        received: int | None = self._received.readinto(buffer)
        return received

    def close(self) -> None:
        self._received.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: Any, *rest: Any, until: float, **options: Any) -> None:
        super().__init__(sock, *rest, **options)
        self.fp.close()
        self.fp = BufferedReader(_Timed(sock, until))


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> HTTPResponse:
        return _opened(self, HTTPConnection, req)


class _Https(HTTPSHandler):
    def https_open(self, req: Request) -> HTTPResponse:
        return _opened(self, partial(HTTPSConnection, context=self._context), req)  # type: ignore[attr-defined]


def _opened(handler: HTTPHandler | HTTPSHandler, kind: Any, req: Request) -> HTTPResponse:
    assert isinstance(req, Exchange)

    def connection(host: str, **options: Any) -> HTTPConnection:
        made: HTTPConnection = kind(host, **options)
        made._create_connection = partial(_connected, until=req.until)  # type: ignore[attr-defined]
        made.response_class = partial(_Response, until=req.until)  # type: ignore[assignment]
        return made

    req.timeout = req.left
    return handler.do_open(connection, req)  # type: ignore[arg-type]


def _connected(address: tuple[str, int], *_: object, until: float) -> socket.socket:
    """Return a connection to the first of the host's addresses that takes one before `until`.

    `socket.create_connection` waits for the system's look-up of the name without a limit, and
    for each of the addresses as long as for the first.

    Raises:
        TimeoutError: the deadline has passed.
        OSError: the host is not known, or no address takes a connection.
    """
    refused = OSError(f"{address[0]} has no address")
    for family, kind, protocol, _, place in _looked_up(*address, until):
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(seconds_left(until))
            connection.connect(place)
            connection.settimeout(seconds_left(until))
            return connection
        except OSError as error:
            connection.close()
            refused = error
    raise refused


def _looked_up(host: str, port: int, until: float) -> list[Any]:
    """Return `socket.getaddrinfo`'s addresses of a host.

    The look-up itself cannot be ended: it goes on in its thread where its time is over.

    Raises:
        TimeoutError: the deadline has passed.
        OSError, UnicodeError: as `socket.getaddrinfo`.
    """
    found: Queue[list[Any] | Exception] = Queue()

    def look_up() -> None:
        try:
            found.put([*socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)])
        except Exception as error:  # raised again in the thread that waits
            found.put(error)

    threading.Thread(target=look_up, daemon=True).start()
    try:
        addresses = found.get(timeout=seconds_left(until))
    except Empty:
        raise TimeoutError(f"the look-up of '{host}' timed out") from None
    if isinstance(addresses, Exception):
        raise addresses
    return addresses


class _SameRequest(HTTPRedirectHandler):
    """Sends the query itself to where a redirect leads; the password stays with its host."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request:
        assert isinstance(req, Exchange)
        old = urlsplit(req.full_url)
        try:
            new = urlsplit(newurl)
            known = new.scheme in ("http", "https") and bool(new.hostname) and new.port != 0
        except ValueError:
            known = False
        if not known:
            reason = "redirect to what is no address, or to another protocol"
            raise HTTPError(req.full_url, code, reason, headers, fp)
        sent = {name.lower(): value for name, value in req.headers.items()}
        same_host = (new.hostname, new.port) == (old.hostname, old.port)
        if not same_host or (old.scheme, new.scheme) == ("https", "http"):
            sent.pop("authorization", None)
        data = req.data if isinstance(req.data, bytes) else None
        return Exchange(newurl, req.until, data, sent)
