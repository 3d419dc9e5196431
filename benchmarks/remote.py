"""Readers that ask a SPARQL server for knowledge at once, and a server that dies meanwhile.

The server is rdflib-endpoint on uvicorn, in a process of its own, over the triples of a store
that `sightgraph kg import` wrote. Each reader asks for what is stated of a concept and to it, of
concepts drawn at random; what it gets is compared with the store's own index. Halfway through the
last round the server is killed, and started again after two seconds.

    python benchmarks/remote.py common.store [--readers 1 8 32] [--seconds 30] [--deadline 5]
"""

from __future__ import annotations

import argparse
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
from needs import check_needs

from kg.errors import SightGraphError
from kg.knowledge.facts import Fact
from kg.knowledge.remote import RemoteKnowledge
from kg.knowledge.remote_queries import MAX_FACTS
from kg.knowledge.store import Store

QUADS, CONCEPTS = 300_000, 2_000
"""Quads of the store that are read for subjects, and subjects that are drawn from them."""
DEAD = 2.0
"""Seconds for which the killed server stays away."""


@dataclass
class Round:
    """What the readers of one round met: seconds of each answer, and how many went wrong."""

    seconds: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    different: int = 0

    def line(self, readers: int, took: float) -> str:
        """Return the figures as a row of a table."""
        quick = np.percentile(self.seconds, [50, 99]) if self.seconds else (np.nan, np.nan)
        return (
            f"| {readers} | {len(self.seconds)} | {len(self.seconds) / took:.1f} | "
            f"{quick[0]:.3f}, {quick[1]:.3f} | {len(self.refused)} | {self.different} |"
        )


class Server:
    """The SPARQL server, in a process that can be killed."""

    def __init__(self, store: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.store, self.url = store, f"http://127.0.0.1:{self.port}/sparql"
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, __file__, str(self.store), "--serve", str(self.port)]
        process = subprocess.Popen(command)
        while process.poll() is None:
            try:
                urlopen(f"{self.url}?query=ASK%7B%7D", timeout=5).close()
            except (URLError, OSError):
                time.sleep(0.1)
            else:
                return process
        sys.exit("the server did not start")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def die_and_come_back(self) -> None:
        self.kill()
        time.sleep(DEAD)
        self._process = self._start()


def serve(store: Path, port: int) -> None:
    """Answer SPARQL queries on a port of loopback, until killed."""
    import uvicorn
    from rdflib_endpoint import SparqlEndpoint

    app = SparqlEndpoint(graph=Store(store).rdf, path="/sparql")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="critical")


def drawn(store: Store, seed: int = 0) -> list[str]:
    """Return concepts of the store, drawn at random from its first quads."""
    quads = islice(store.triples.quads_for_pattern(None, None, None, None), QUADS)
    found = dict.fromkeys(str(quad.subject.value) for quad in quads)
    concepts = [one for one in found if store.stated(one)]
    return random.Random(seed).sample(concepts, min(CONCEPTS, len(concepts)))


def triples(ask: Callable[[str], Iterable[Fact]], concept: str) -> set[tuple[str, str, str]]:
    """Return the facts of a concept as triples."""
    return {(one.subject, one.relation, one.object) for one in ask(concept)}


def read(
    url: str, store: Store, concepts: list[str], until: float, deadline: float, met: Round
) -> None:
    """Ask for one concept after another until the time is over."""
    remote = RemoteKnowledge(url, deadline=deadline, remembered=0)
    for concept in concepts:
        if time.perf_counter() > until:
            return
        start = time.perf_counter()
        try:
            found = [triples(remote.stated, concept), triples(remote.facts_to, concept)]
        except SightGraphError as error:
            met.refused.append(str(error))
            continue
        met.seconds.append(time.perf_counter() - start)
        known = [triples(store.stated, concept), triples(store.facts_to, concept)]
        same = [a == b or len(b) >= MAX_FACTS for a, b in zip(found, known, strict=True)]
        met.different += not all(same)


def measure(
    server: Server, store: Store, readers: int, seconds: float, deadline: float, die: bool
) -> None:
    """Let so many readers ask at once; print a row."""
    met, start = Round(), time.perf_counter()
    concepts = drawn(store, readers)
    threads = [
        threading.Thread(
            target=read,
            args=(server.url, store, concepts[at::readers], start + seconds, deadline, met),
        )
        for at in range(readers)
    ]
    for one in threads:
        one.start()
    if die:
        time.sleep(seconds / 2)
        server.die_and_come_back()
    for one in threads:
        one.join()
    print(met.line(readers, time.perf_counter() - start), flush=True)
    for message in sorted(set(met.refused))[:3]:
        print(f"  {message}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("store", type=Path)
    parser.add_argument("--readers", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--deadline", type=float, default=5.0, help="of one call, in seconds")
    parser.add_argument("--serve", type=int, metavar="PORT", help="only answer on this port")
    chosen = parser.parse_args()
    check_needs("rdflib_endpoint", "uvicorn")
    if chosen.serve:
        serve(chosen.store, chosen.serve)
        return
    store, server = Store(chosen.store), Server(chosen.store)
    print(
        "| readers | answers | a second | median, p99 in s | refused | different |\n"
        + "|---" * 6
        + "|"
    )
    try:
        for readers in chosen.readers:
            measure(server, store, readers, chosen.seconds, chosen.deadline, die=False)
        print(f"killed after {chosen.seconds / 2:g} s:")
        measure(server, store, chosen.readers[-1], chosen.seconds, chosen.deadline, die=True)
    finally:
        server.kill()


if __name__ == "__main__":
    main()
