"""Load test of `sightgraph serve`: python benchmarks/service.py --seconds 600 --clients 32

Starts a service, and lets clients ask it, among them slow, oversized and malformed ones. Prints
requests by status, times (the 50th and 99th percentile of answers), and the memory of the
service over time. Fails where a status of 500 or more is not 503.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

QUESTIONS = ("What is this?", "Is this animal a mammal?", "What is on the table?", "How many?")
JSON = {"Content-Type": "application/json"}
KIB_PER_MIB = 1024


def photographs(count: int) -> list[bytes]:
    """Return pictures of noise: their content does not matter to the load."""
    found = []
    for seed in range(count):
        pixels = np.random.default_rng(seed).integers(0, 256, (240, 320, 3), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG")
        found.append(buffer.getvalue())
    return found


def memory_mib(process: int) -> float:
    """Return the resident memory of a process."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(one for one in lines if one.startswith("VmRSS")).split()[1]) / KIB_PER_MIB


class Load:
    """Clients of a service, and what they measured."""

    def __init__(self, address: str, until: float) -> None:
        self.address, self.until = address, until
        self.statuses: Counter[str] = Counter()
        self.seconds: list[float] = []
        self.photographs = photographs(8)

    async def client(self, number: int) -> None:
        """Ask until the time is over, now and then in a way that must be refused.

        Each client has a loopback address of its own: the service limits the requests of one
        address, which is a promise of its own and not what a load of many people meets.
        """
        chance = random.Random(number)
        own = httpx.AsyncHTTPTransport(local_address=f"127.0.1.{number + 1}")
        async with httpx.AsyncClient(base_url=self.address, timeout=120, transport=own) as http:
            while time.monotonic() < self.until:
                kind = chance.choices(
                    ("ask", "facts", "malformed", "oversized", "slow"), (12, 4, 2, 1, 1)
                )[0]
                began = time.monotonic()
                try:
                    response = await getattr(self, kind)(http, chance)
                except httpx.HTTPError as error:
                    self.statuses[f"{kind} {type(error).__name__}"] += 1
                    continue
                self.statuses[f"{kind} {response.status_code}"] += 1
                if kind == "ask" and response.status_code == 200:
                    self.seconds.append(time.monotonic() - began)
                if response.status_code in (429, 503):
                    await asyncio.sleep(chance.uniform(0.5, 1.5))

    async def ask(self, http: httpx.AsyncClient, chance: random.Random) -> httpx.Response:
        """Upload a photograph and ask about it."""
        file = {"file": chance.choice(self.photographs)}
        kept = await http.post("/api/photographs", files=file)
        if kept.status_code != 200:
            return kept
        asked = {"photograph": kept.json()["id"], "question": chance.choice(QUESTIONS)}
        return await http.post("/api/ask", json=asked)

    async def facts(self, http: httpx.AsyncClient, chance: random.Random) -> httpx.Response:
        """Look something up."""
        label = chance.choice(("cat", "cup", "table", "no such thing"))
        return await http.get("/api/facts", params={"label": label})

    async def malformed(self, http: httpx.AsyncClient, chance: random.Random) -> httpx.Response:
        """Send what is no question."""
        body = chance.choice((b"{", b"[]", b"\xff\xfe", json.dumps({"question": 7}).encode()))
        return await http.post("/api/ask", content=body, headers=JSON)

    async def oversized(self, http: httpx.AsyncClient, chance: random.Random) -> httpx.Response:
        """Send 30 MB without saying so first."""

        async def pieces() -> object:
            for _ in range(30):
                yield b" " * 1_000_000

        return await http.post("/api/ask", content=pieces(), headers=JSON)

    async def slow(self, http: httpx.AsyncClient, chance: random.Random) -> httpx.Response:
        """Send a question in pieces over some seconds."""

        async def pieces() -> object:
            for one in (b'{"question":', b' "Why?"', b"}"):
                await asyncio.sleep(1)
                yield one

        return await http.post("/api/ask", content=pieces(), headers=JSON)


async def started(address: str, seconds: float = 300) -> None:
    """Wait until the service answers."""
    async with httpx.AsyncClient(base_url=address) as http:
        for _ in range(int(seconds)):
            try:
                if (await http.get("/health")).status_code == 200:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(1)
    raise SystemExit(f"the service did not start within {seconds:g} s")


async def measure(clients: int, seconds: float, port: int) -> None:
    """Run the load and print the figures."""
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "sightgraph", "serve", "--port", str(port)]
    service = subprocess.Popen(command)
    memory: list[float] = []
    try:
        await started(address)
        load = Load(address, time.monotonic() + seconds)
        tasks = [asyncio.create_task(load.client(number)) for number in range(clients)]
        while time.monotonic() < load.until:
            memory.append(memory_mib(service.pid))
            await asyncio.sleep(max(seconds / 20, 0.5))
        await asyncio.gather(*tasks)
        memory.append(memory_mib(service.pid))
    finally:
        service.terminate()
        service.wait()
    print(f"{clients} clients, {seconds:g} s")
    for status, count in sorted(load.statuses.items()):
        print(f"  {status:24} {count}")
    if load.seconds:
        half, most = np.percentile(load.seconds, (50, 99))
        print(f"  answers: p50 {half:.2f} s, p99 {most:.2f} s, p99/p50 {most / half:.1f}")
    quarter = memory[len(memory) // 4]
    print(f"  memory: {quarter:.0f} MiB after a quarter, {memory[-1]:.0f} MiB at the end")
    faults = [one for one in load.statuses if one.split()[1] in ("500", "502", "504")]
    if faults:
        raise SystemExit(f"faults of the service: {', '.join(faults)}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--port", type=int, default=8123)
    options = parser.parse_args()
    asyncio.run(measure(options.clients, options.seconds, options.port))
