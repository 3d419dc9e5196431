"""endpoint.py and exchange.py against servers on loopback that are busy, slow, wrong or gone."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import kg.knowledge.endpoint
from kg.errors import SightGraphError
from kg.knowledge.remote import RemoteKnowledge

EX = "https://example.org/"

Answer = tuple[int, dict[str, str], bytes] | Callable[[BaseHTTPRequestHandler], None]
JSON = "application/sparql-results+json"
EMPTY: Answer = (
    200,
    {"Content-Type": JSON},
    b'{"head": {"vars": ["s"]}, "results": {"bindings": []}}',
)
ROW = b"""{"head": {"vars": ["term", "p", "o"]}, "results": {"bindings": [{
    "term": {"type": "uri", "value": "https://example.org/cat"},
    "p": {"type": "uri", "value": "https://example.org/eats"},
    "o": {"type": "uri", "value": "https://example.org/fish"}}]}}"""


class Failing(ThreadingHTTPServer):
    """Answers by its script, and with the last line of it from then on."""

    daemon_threads = True

    def __init__(self, *script: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Scripted)
        self.script = script
        self.seen: list[dict[str, str]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/sparql"


class _Scripted(BaseHTTPRequestHandler):
    server: Failing

    def do_POST(self) -> None:
        seen = self.server.seen
        answer = self.server.script[min(len(seen), len(self.server.script) - 1)]
        self.body = self.rfile.read(int(self.headers["Content-Length"]))
        seen.append({**self.headers, "body": self.body.decode()})
        if callable(answer):
            with suppress(BrokenPipeError):  # whoever asked has gone
                answer(self)
            return
        code, headers, body = answer
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


@contextmanager
def failing(*script: Answer) -> Iterator[Failing]:
    with Failing(*script) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries; none is made."""
    made: list[float] = []
    monkeypatch.setattr(kg.knowledge.endpoint.time, "sleep", made.append)
    return made


def unavailable(code: int = 503, **headers: str) -> Answer:
    return code, {name.replace("_", "-"): value for name, value in headers.items()}, b"busy"


def test_a_busy_endpoint_is_asked_again_after_growing_pauses(pauses: list[float]) -> None:
    with failing(unavailable(), unavailable(500), (200, {"Content-Type": JSON}, ROW)) as server:
        remote = RemoteKnowledge(server.url)
        assert [fact.object for fact in remote.stated(EX + "cat")] == [EX + "fish"]
    assert len(server.seen) == 4  # three for the facts, one for their relations
    first, second = pauses[:2]
    assert 0.25 <= first <= 0.75 <= 2 * second
    assert 0.5 <= second <= 1.5


def test_after_the_last_try_the_error_says_what_happened_and_where(pauses: list[float]) -> None:
    with failing(unavailable()) as server:
        with pytest.raises(SightGraphError) as caught:
            RemoteKnowledge(server.url).stated(EX + "cat")
        assert len(server.seen) == 3
    message = str(caught.value)
    assert f"'{server.url}'" in message
    assert "HTTP 503 Service Unavailable: busy (3 tries). Try again later." in message


@pytest.mark.parametrize("when", ["7", "date"])
def test_retry_after_is_honoured(when: str, pauses: list[float]) -> None:
    header = formatdate(time.time() + 7.9, usegmt=True) if when == "date" else when
    with failing(unavailable(429, Retry_After=header), EMPTY) as server:
        assert RemoteKnowledge(server.url).named("cat") == []
    assert len(pauses) == 1
    assert 6 <= pauses[0] <= 8


def test_an_endpoint_that_asks_to_wait_too_long_is_not_waited_for(pauses: list[float]) -> None:
    with failing(unavailable(429, Retry_After="3600")) as server:
        with pytest.raises(SightGraphError, match="429"):
            RemoteKnowledge(server.url).stated(EX + "cat")
        assert len(server.seen) == 1
    assert not pauses


@pytest.mark.parametrize("code", [400, 401, 403, 404, 413])
def test_a_refusal_is_not_asked_again(code: int) -> None:
    with failing((code, {}, b"Parse error\n at line 1")) as server:
        with pytest.raises(
            SightGraphError, match=f"HTTP {code} .*: Parse error at line 1"
        ) as caught:
            RemoteKnowledge(server.url).query("ASK { ?s ?p ?o }")
        assert len(server.seen) == 1
    assert ("SIGHTGRAPH_SPARQL_PASSWORD" in str(caught.value)) == (code in (401, 403))


def silent(handler: BaseHTTPRequestHandler) -> None:
    time.sleep(2)


def trickling(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(20):
        handler.wfile.write(b" ")
        time.sleep(0.1)


def slow_headers(handler: BaseHTTPRequestHandler) -> None:
    """Send a byte of the header often enough for every time limit of the socket."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(20):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


@pytest.mark.parametrize("hanging", [silent, trickling, slow_headers])
def test_an_endpoint_that_hangs_is_left_in_time(
    hanging: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.knowledge.endpoint, "FIRST_PAUSE", 0.02)
    started = time.monotonic()
    with failing(hanging) as server:
        remote = RemoteKnowledge(server.url, timeout=0.3, tries=2)
        with pytest.raises(SightGraphError, match=r"within 0\.3 s \(2 tries\)"):
            remote.stated(EX + "cat")
        with pytest.raises(SightGraphError, match=r"within 0\.[12]\d* s\."):
            remote.query("ASK { ?s ?p ?o }", seconds=0.2)
        taken = time.monotonic() - started
        assert len(server.seen) == 3
    assert taken < 2.5


def test_all_requests_of_one_call_share_a_deadline() -> None:
    def next_place(handler: BaseHTTPRequestHandler) -> None:
        asked = re.search(rf"<{EX}(\d+)>", handler.body.decode())  # type: ignore[attr-defined]
        number = int(asked[1]) if asked else 0
        values = {"term": f"{EX}{number}", "p": f"{EX}near", "o": f"{EX}{number + 1}"}
        row = {name: {"type": "uri", "value": value} for name, value in values.items()}
        answer = {"head": {"vars": list(row)}, "results": {"bindings": [row] if asked else []}}
        time.sleep(0.1)
        handler.send_response(200)
        handler.send_header("Content-Type", JSON)
        handler.end_headers()
        handler.wfile.write(json.dumps(answer).encode())

    with failing(next_place) as server:
        remote = RemoteKnowledge(server.url, deadline=0.6)
        started = time.monotonic()
        with pytest.raises(SightGraphError, match="did not answer"):
            remote.path(EX + "1", EX + "end", longest=100)
        assert time.monotonic() - started < 1.5


def test_nobody_there_is_said_so(pauses: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/sparql"
        with pytest.raises(
            SightGraphError, match=r"cannot be reached: Connection refused \(3 tries"
        ):
            RemoteKnowledge(url).stated(EX + "cat")
    assert len(pauses) == 2


ASKED = b'{"head": {}, "boolean": true}'
OTHERS = b"""{"head": {"vars": ["x"]}, "results": {"bindings": [
    {"x": {"type": "uri", "value": "https://example.org/a"}}]}}"""


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"), "'text/html'.*web page"),
        ((200, {"Content-Type": JSON}, b'{"head'), "cannot be read"),
        ((200, {"Content-Length": "90"}, b"{}"), "cannot be reached"),
        (
            (200, {"Content-Type": JSON}, b"SELECT ? OutOfMemory"),
            "cannot be read.*ends with 'SELECT . OutOfMemory'",
        ),
        (
            (200, {"Content-Type": "text/turtle"}, b"<https://e/a> a <https://e/b> ."),
            "cannot be read",
        ),
        ((200, {"Content-Type": JSON}, ASKED), "other variables"),
        ((200, {"Content-Type": JSON}, OTHERS), "other variables"),
        ((301, {"Location": "http://[::1"}, b""), "cannot be reached"),
        ((301, {"Location": "http://e:99999/"}, b""), "no address"),
        ((200, {}, b" " * 2_000), "more than 1,000 bytes"),
    ],
)
def test_what_is_no_answer_is_said_so(
    answer: Answer, message: str, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kg.knowledge.endpoint, "MAX_BYTES", 1_000)
    with failing(answer) as server, pytest.raises(SightGraphError, match=message):
        RemoteKnowledge(server.url).stated(EX + "cat")


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/octet-stream"])
def test_results_are_read_whatever_their_type_is_called(kind: str) -> None:
    with failing((200, {"Content-Type": kind}, b"\xef\xbb\xbf\n" + ROW)) as server:
        (fact,) = RemoteKnowledge(server.url).stated(EX + "cat")
    assert fact.object == EX + "fish"


def test_part_of_an_answer_is_used_and_told() -> None:
    with failing((206, {"Content-Type": JSON}, ROW)) as server:
        remote = RemoteKnowledge(server.url)
        with pytest.warns(kg.knowledge.endpoint.EndpointWarning, match="in part only"):
            assert remote.stated(EX + "cat")


def test_a_server_that_takes_forms_only_is_asked_by_forms_from_then_on() -> None:
    def forms_only(handler: BaseHTTPRequestHandler) -> None:
        form = handler.headers["Content-Type"] == "application/x-www-form-urlencoded"
        handler.send_response(200 if form else 415)
        handler.send_header("Content-Type", JSON)
        handler.end_headers()
        handler.wfile.write(ROW if form else b"")

    with failing(forms_only) as server:
        remote = RemoteKnowledge(server.url)
        assert remote.stated(EX + "cat")
        asked = len(server.seen)
        remote.stated(EX + "dog")
        assert [one["Content-Type"] for one in server.seen[:2]] == [
            "application/sparql-query",
            "application/x-www-form-urlencoded",
        ]
        assert server.seen[1]["body"].startswith("query=SELECT")
        assert len(server.seen) == asked + 1


def test_how_long_to_wait_is_told() -> None:
    with (
        failing(unavailable(429, Retry_After="3600")) as server,
        pytest.raises(SightGraphError, match=r"429 .* Try again in 3600 s\."),
    ):
        RemoteKnowledge(server.url).stated(EX + "cat")


def test_counts_that_are_no_numbers_are_refused() -> None:
    rows = b'[{"n": {"type": "literal", "value": "x"}}]'
    answer = b'{"head": {"vars": ["n"]}, "results": {"bindings": ' + rows + b"}}"
    with (
        failing((200, {"Content-Type": JSON}, answer)) as server,
        pytest.raises(SightGraphError, match="no number where it was asked to count"),
    ):
        RemoteKnowledge(server.url).statistics()


def echo(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(403)
    handler.end_headers()
    handler.wfile.write(str(handler.headers).encode() + b" p@ss:w\xc3\xb6rd")


@pytest.mark.parametrize("where", ["url", "environment"])
def test_user_and_password_are_sent_and_never_shown(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with failing(echo) as server:
        url = server.url
        if where == "url":
            url = url.replace("://", "://ada:p%40ss%3Aw%C3%B6rd@")
        else:
            monkeypatch.setenv("SIGHTGRAPH_SPARQL_USER", "ada")
            monkeypatch.setenv("SIGHTGRAPH_SPARQL_PASSWORD", "p@ss:wörd")
        with pytest.raises(SightGraphError) as caught:
            RemoteKnowledge(url).stated(EX + "cat")
        assert server.seen[0]["Authorization"] == "Basic YWRhOnBAc3M6d8O2cmQ="
    assert caught.value.__cause__ is None
    for secret in ("p@ss", "p%40ss", "YWRhOn"):
        assert secret not in str(caught.value)


def test_a_redirect_takes_the_query_along_but_not_the_password() -> None:
    with failing(EMPTY) as target:
        other = target.url.replace("127.0.0.1", "localhost")
        with failing((301, {"Location": other}, b"")) as server:
            url = server.url.replace("://", "://ada:secret@")
            assert RemoteKnowledge(url).named("cat") == []
        assert "Authorization" in server.seen[0]
        assert "Authorization" not in target.seen[0]
        assert target.seen[0]["body"] == server.seen[0]["body"]
    with (
        failing((302, {"Location": "ftp://localhost/x"}, b"")) as server,
        pytest.raises(SightGraphError, match="another protocol"),
    ):
        RemoteKnowledge(server.url).named("cat")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/sparql",
        "example.org/sparql",
        "http://",
        "http://ada:secret@example.org:port/sparql",
        "http://ada:sec/ret@example.org/sparql",
        "ftp://ada:secret@example.org/",
        "http://example.org/a b",
    ],
)
def test_only_web_addresses_are_endpoints_and_no_password_is_shown(url: str) -> None:
    with pytest.raises(SightGraphError, match="no address of a SPARQL endpoint") as caught:
        RemoteKnowledge(url)
    assert "sec" not in str(caught.value)
