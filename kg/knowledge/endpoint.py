"""A SPARQL endpoint over HTTP: time limits, retries, and errors with a suggested fix."""

from __future__ import annotations

import os
import random
import threading
import time
import warnings
from base64 import b64encode
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from itertools import count
from ssl import SSLCertVerificationError
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlencode, urlsplit

from rdflib import Literal
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from rdflib.query import Result
from rdflib.term import Identifier

from kg.errors import SightGraphError, SightGraphWarning
from kg.knowledge.exchange import Exchange, opener

TIMEOUT, TRIES, DEADLINE = 10.0, 3, 30.0
"""Seconds for one request, how often it is sent at most, seconds for all that one call asks."""
FIRST_PAUSE = 0.5
"""Seconds before the second try, give or take half; each further pause is twice as long."""
PARTIAL = 206
"""The status with which Virtuoso says that its time was over before the last row."""
MAX_TAIL = 160
"""Bytes of an unreadable answer that a message shows: its end, where servers write their error."""
MAX_WAIT = 1e9
"""Seconds of a `Retry-After`."""
MAX_BYTES = 64 * 2**20
"""An answer longer than this is refused."""
USER, PASSWORD = "SIGHTGRAPH_SPARQL_USER", "SIGHTGRAPH_SPARQL_PASSWORD"
"""Environment variables that are read where the URL names no user."""

Row = Mapping[str, Identifier]
"""One row of an answer: variable -> term, without those that are unbound."""

_OTHER_WAY = (405, 415, 501)
"""Statuses of servers that do not take a query in the way in which it was sent."""
_MORE_TIME = "Ask for less, allow more time, or try again later."
_LOG_IN = f"Give user and password in {USER} and {PASSWORD}."
_FIXES = {
    401: _LOG_IN,
    403: _LOG_IN,
    404: "Look the address up: is it the one that queries are sent to?",
}


class Endpoint(SPARQLStore):
    """rdflib's store of a SPARQL endpoint, with time limits, further tries and clear errors.

    shown: the address without user, password and parameters. host: the name of its host.
    """

    def __init__(
        self, url: str, timeout: float = TIMEOUT, tries: int = TRIES, deadline: float = DEADLINE
    ) -> None:
        """Read the address; nothing is sent yet.

        Raises:
            SightGraphError: it is no http or https URL.
        """
        scheme, _, rest = url.partition("://")
        self.shown = f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"
        try:
            parts = urlsplit(url)
            fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            fine = None
        if not fine or any(sign <= " " for sign in url):
            raise SightGraphError(
                f"'{self.shown}' is no address of a SPARQL endpoint. Give one that begins with "
                "http:// or https://, such as https://example.org/sparql."
            )
        self.host = parts.hostname or ""
        self.timeout, self.tries, self.deadline = timeout, max(1, tries), deadline
        self._address = parts._replace(
            netloc=parts.netloc.rpartition("@")[2],
            path=quote(parts.path or "/", safe="/%:@!$&'()*+,;=~"),
            query=quote(parts.query, safe="/%:@!$&'()*+,;=~?"),
            fragment="",
        ).geturl()
        super().__init__(self._address, returnFormat="json", method="POST")
        self._headers = {"User-Agent": "SightGraph (rdflib)", "Accept": self.response_mime_types()}
        self._secrets: list[str] = []
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if not user:
            user, password = os.environ.get(USER, ""), os.environ.get(PASSWORD, "")
        if user:
            token = b64encode(f"{user}:{password}".encode()).decode()
            self._headers["Authorization"] = f"Basic {token}"
            self._secrets = list(filter(None, (password, quote(password), token)))
        self._clock = _Clock()
        self._opener = opener()
        self._way = 0

    @contextmanager
    def within(self, seconds: float | None = None) -> Iterator[None]:
        """Let all queries inside share one deadline: that of the outermost `within`."""
        outer = self._clock.limits
        if outer is None or seconds is not None:
            until = time.monotonic() + (self.deadline if seconds is None else seconds)
            until = until if outer is None else min(until, outer[0])
            self._clock.limits = until, self.timeout if seconds is None else seconds
        try:
            yield
        finally:
            self._clock.limits = outer

    def rows(
        self, sparql: str, seconds: float | None = None, needs: Sequence[str] = ()
    ) -> list[Row]:
        """Return the rows of a SELECT query, or the one row "ask" of an ASK query.

        seconds: the time limit; None for the usual one of a request.
        needs: variables that every row must hold; others may be unbound in it.

        Raises:
            SightGraphError: there is no such answer within the time.
        """
        with self.within(seconds):
            result = self.query(sparql)
        if needs and (
            result.type != "SELECT"
            or not all({*needs} <= {str(name) for name in row} for row in result.bindings)
        ):
            what = "answered with other variables than it was asked for"
            raise self._error(_FailedError(what, "It does not keep to the SPARQL protocol."), 1)
        if result.type == "ASK":
            return [{"ask": Literal(str(bool(result.askAnswer)).lower())}]
        return [{str(name): term for name, term in row.items()} for row in result.bindings]  # type: ignore[misc]

    def _query(self, query: str, *_: object, **__: object) -> Result:
        """Send a query with retries; rdflib's own method has no time limit."""
        with self.within():
            assert self._clock.limits is not None
            until, timeout = self._clock.limits
            for sent in count(1):
                try:
                    return self._asked(query, min(timeout, until - time.monotonic()))
                except _FailedError as failed:
                    usual = FIRST_PAUSE * 2 ** (sent - 1) * random.uniform(0.5, 1.5)
                    pause = usual if failed.wait is None else failed.wait
                    late = time.monotonic() + pause >= until
                    if late or not failed.again or sent == self.tries:
                        raise self._error(failed, sent) from None
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _asked(self, query: str, seconds: float) -> Result:
        """Send a query in the way that worked last; where it is not accepted, in the next one."""
        until = time.monotonic() + seconds
        for way in range(self._way, len(_WAYS)):
            try:
                result = self._sent(_WAYS[way], query, until, seconds)
            except _FailedError as failed:
                if failed.code not in _OTHER_WAY or way + 1 == len(_WAYS):
                    raise
            else:
                self._way = way
                return result
        raise AssertionError("unreachable")

    def _sent(self, way: _Way, query: str, until: float, seconds: float) -> Result:
        if seconds <= 0:
            raise _FailedError("did not answer everything in time", _MORE_TIME)
        url, data, kind = way(self._address, query)
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        try:
            with self._opener.open(Exchange(url, until, data, headers)) as response:
                kind, code = response.headers.get_content_type(), response.status
                body = _body(response)
        except HTTPError as error:
            raise _refusal(error) from None
        except (OSError, HTTPException, ValueError) as error:  # ValueError: a malformed header
            raise _no_answer(error, seconds) from None
        if code == PARTIAL:
            warnings.warn(
                f"the SPARQL endpoint '{self.shown}' answered in part only (HTTP {code}): facts "
                "are missing. Ask for less.",
                EndpointWarning,
                stacklevel=2,
            )
        return _read(body, kind)

    def _error(self, failed: _FailedError, sent: int) -> SightGraphError:
        often = f" ({sent} tries)" if sent > 1 else ""
        what = failed.what
        for secret in self._secrets:
            what = what.replace(secret, "***")
        return SightGraphError(f"the SPARQL endpoint '{self.shown}' {what}{often}. {failed.fix}")


class EndpointWarning(SightGraphWarning):
    """An endpoint answered in part only."""


def _read(body: bytes, kind: str) -> Result:
    """Read the results of a query; where the type that is said does not fit, by how they begin."""
    body = body.removeprefix(BOM_UTF8)
    begins = body.lstrip()[:1]
    by_content = {b"{": "application/sparql-results+json", b"<": "application/sparql-results+xml"}
    for one in dict.fromkeys((kind, by_content.get(begins, kind))):
        try:
            result = Result.parse(BytesIO(body), content_type=one)
        except Exception:  # rdflib and its parsers raise many kinds
            continue
        if result.type in ("SELECT", "ASK"):
            return result
    tail = " ".join(body[-MAX_TAIL:].decode("utf-8", "replace").split())
    what = f"answered with '{kind}' that cannot be read as the results of a query"
    what += f"; it ends with '{tail}'" if tail else ""
    fix = "Give the address that queries are sent to, not that of its web page."
    raise _FailedError(what, fix) from None


def _as_text(address: str, query: str) -> tuple[str, bytes | None, str]:
    return address, query.encode(), "application/sparql-query"


def _as_form(address: str, query: str) -> tuple[str, bytes | None, str]:
    return address, urlencode({"query": query}).encode(), "application/x-www-form-urlencoded"


def _as_address(address: str, query: str) -> tuple[str, bytes | None, str]:
    return f"{address}{'&' if '?' in address else '?'}{urlencode({'query': query})}", None, ""


_Way = Callable[[str, str], tuple[str, bytes | None, str]]
_WAYS: tuple[_Way, ...] = (_as_text, _as_form, _as_address)
"""The three ways of the SPARQL 1.1 Protocol (section 2.1): address, body and its type."""


class _Clock(threading.local):
    """limits: when all must have been answered (monotonic), and the seconds of a request."""

    limits: tuple[float, float] | None = None


@dataclass(eq=False)
class _FailedError(Exception):
    """One request failed: reason, fix, whether to retry, after how many seconds, HTTP status."""

    what: str
    fix: str
    again: bool = False
    wait: float | None = None
    code: int = 0


def _body(response: HTTPResponse) -> bytes:
    """Read a response, whose socket knows the deadline, as far as it is not too long."""
    body = bytearray()
    while piece := response.read1(2**16):
        body += piece
        if len(body) > MAX_BYTES:
            raise _FailedError(f"answered with more than {MAX_BYTES:,} bytes", "Add LIMIT.")
    if response.length:
        raise ConnectionError("it broke off in the middle of its answer")
    return bytes(body)


def _refusal(error: HTTPError) -> _FailedError:
    detail = ""
    with error, suppress(OSError, HTTPException):
        detail = " ".join(error.read(2_000).decode("utf-8", "replace").split())[:300]
    what = f"refused the query: HTTP {error.code} {error.reason}" + (
        f": {detail}" if detail else ""
    )
    if error.code == 429 or error.code >= 500:
        wait = _retry_after(error.headers.get("Retry-After"))
        fix = "Try again later." if wait is None else f"Try again in {wait:.0f} s."
        return _FailedError(what, fix, True, wait, error.code)
    fix = _FIXES.get(error.code, "Look at the query and the address.")
    return _FailedError(what, fix, code=error.code)


def _retry_after(header: str | None) -> float | None:
    """Return the seconds to wait from a `Retry-After` header: a number, or a date."""
    if header is None:
        return None
    try:
        if header.strip().isdecimal():
            return min(float(header), MAX_WAIT)
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _no_answer(error: Exception, seconds: float) -> _FailedError:
    reason: Any = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, TimeoutError):
        return _FailedError(f"did not answer within {seconds:.3g} s", _MORE_TIME, again=True)
    if isinstance(reason, SSLCertVerificationError):
        what = f"shows a certificate that does not hold: {reason.verify_message}"
        fix = "Look the address up, or install the certificate of its authority."
        return _FailedError(what, fix)
    detail = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    fix = "Look the address and the network up."
    return _FailedError(f"cannot be reached: {detail}", fix, again=True)
