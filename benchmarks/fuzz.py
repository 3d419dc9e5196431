"""Gives every reader mutated inputs, in processes with limits, and counts what goes wrong.

A reader may accept an input or refuse it with a `SightGraphError`. Everything else is a fault:
a crash (another exception), a death (the process is killed), a hang (over 10 s of processor time),
nonsense that is accepted, and a message that is too long or holds control characters.

    nice -n 15 python benchmarks/fuzz.py --inputs 20000 [--seed 0] [--minutes 15] [--only images]

Each input follows from the seed, the reader and its number alone. Results are saved as they come
(--out, one line an input), and a run that was ended goes on where it was. Inputs that went wrong
are kept beside, with their reader and number in the name.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from fuzz_readers import READERS  # type: ignore[import-not-found]

from kg.errors import MAX_MESSAGE, SightGraphError

SECONDS = 10
"""Of processor time for one input."""
MEMORY = 4 << 30
"""Bytes that a process may take for itself."""
WAIT = 120
"""Seconds of the clock for one input, for processes that hang without computing."""
GOOD = ("accepted", "refused")
BAD = ("crash", "death", "hang", "nonsense", "message")
ODD = (
    b"NaN", b"Infinity", b"-1", b"1e999", b"9" * 400, b"0", b"null", b"true", b"[]", b"{}", b'""',
    b"\xff\xfe", b"\x00", b"\xed\xa0\x80", b"\\ud800", b"\x1b[31m", b"[" * 2000, b"<" * 50,
    b"<!DOCTYPE x [<!ENTITY e 'e'>]>&e;", b"%s%n", b"../../etc", "é漢🐈‮".encode(), b"a" * 5000,
    b"&#0;", b"\n", b"\t", b'"', b"'", b";", b"&a *a", b"!!python/object:os.system", b"%zz",
)  # fmt: skip
"""What a mutation puts in: numbers, text and markup that readers stumble over."""


class HangError(BaseException):
    """Raised in the reader when its time is over; no `except Exception` may hold it."""


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return `content` after one to four mutations."""
    found = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 2, 3, 4))):
        at = chance.randrange(len(found) + 1)
        to = min(len(found), at + chance.choice((1, 2, 4, 8, 30, 200)))
        kind = chance.randrange(8)
        if kind == 0 and found:
            found[at % len(found)] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del found[at:to]
        elif kind == 2:
            found[at:at] = found[at:to] * chance.choice((1, 2, 20))
        elif kind == 3:
            found[at:at] = chance.choice(ODD)
        elif kind == 4:
            found[at:to] = chance.choice(ODD)
        elif kind == 5:
            del found[at:]
        elif kind == 6:
            found[at:to] = bytes(chance.randrange(256) for _ in range(to - at))
        else:
            found = _value_replaced(found, chance)
    return bytes(found)


def _value_replaced(content: bytearray, chance: random.Random) -> bytearray:
    """Return `content` with one of its numbers or words replaced by another, or an odd one."""
    parts = bytes(content).split(b" ") if b" " in content else [bytes(content)]
    at = chance.randrange(len(parts))
    digits = [place for place, one in enumerate(parts[at]) if chr(one).isdigit()]
    if digits and chance.random() < 0.7:
        place = chance.choice(digits)
        new = chance.choice(ODD[:8])
        parts[at] = parts[at][:place] + new + parts[at][place + 1 :]
    else:
        parts[at] = chance.choice(parts if chance.random() < 0.5 else list(ODD))
    return bytearray(b" ".join(parts))


def plan(total: int, only: str | None) -> Iterator[tuple[str, int]]:
    """Yield (reader, number) of each input, readers in turn by their shares."""
    shares = {name: one.share for name, one in READERS.items() if only in (None, name)}
    given = Counter[str]()
    for done in range(total):
        name = min(shares, key=lambda one: (given[one] + 1) / shares[one])
        yield name, given[name]
        given[name] += 1
        assert sum(given.values()) == done + 1


def work(first: int, total: int, seed: int, only: str | None, out: Path) -> None:
    """Try the inputs from number `first` on; a line is written before and after each."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, _raise_hang)
    warnings.simplefilter("ignore")
    logging.getLogger("rdflib").addHandler(logging.NullHandler())
    inputs = list(plan(total, only))
    seeds = {name: READERS[name].seeds() for name in {one for one, _ in inputs}}
    with tempfile.TemporaryDirectory() as temporary:
        for place in range(first, total):
            name, number = inputs[place]
            chance = random.Random(f"{seed} {name} {number}")
            file_name = chance.choice(sorted(seeds[name]))
            file = Path(temporary) / file_name
            file.write_bytes(mutated(seeds[name][file_name], chance))
            print(json.dumps({"begun": place}), flush=True)
            outcome, why = _tried(name, file)
            if outcome in BAD:
                _keep(out, name, number, file)
            print(json.dumps({"place": place, "reader": name, "outcome": outcome, "why": why}))


def _tried(name: str, file: Path) -> tuple[str, str]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + 2 * SECONDS  # for native code that never returns
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        wrong = READERS[name].read(file)
    except SightGraphError as error:
        message = str(error)
        bad = len(message) > MAX_MESSAGE + 20 or not all(
            one.isprintable() or one in "\n\t" for one in message
        )
        return ("message", message[:300]) if bad else ("refused", "")
    except HangError:
        return "hang", _place_of(sys.exc_info()[2])
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        return (
            "crash",
            f"{type(error).__name__}: {str(error)[:200]} at {_place_of(error.__traceback__)}",
        )
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return ("nonsense", wrong) if wrong else ("accepted", "")


def _raise_hang(number: int, frame: object) -> None:
    raise HangError


def _place_of(trace: object) -> str:
    frames = traceback.extract_tb(trace)  # type: ignore[arg-type]
    own = [
        one for one in frames if "site-packages" not in one.filename and "fuzz" not in one.filename
    ]
    last = own[-1] if own else frames[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _keep(out: Path, name: str, number: int, file: Path) -> None:
    folder = out.with_suffix(".found")
    folder.mkdir(exist_ok=True)
    (folder / f"{name.replace(' ', '_')}-{number}-{file.name}").write_bytes(file.read_bytes())


def main() -> None:
    """Start workers until all inputs are tried or the time is over; print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--inputs", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--minutes", type=float, default=15.0)
    options.add_argument("--only", choices=sorted(READERS))
    options.add_argument("--out", type=Path, default=Path("fuzz.jsonl"))
    options.add_argument("--worker", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.worker is not None:
        work(given.worker, given.inputs, given.seed, given.only, given.out)
        return
    until = time.monotonic() + 60 * given.minutes
    done = _done(given.out)
    with given.out.open("a", encoding="utf-8") as journal:
        while len(done) < given.inputs and time.monotonic() < until:
            for line in _lines_of_worker(len(done), given, until):
                journal.write(json.dumps(line) + "\n")
                journal.flush()
                done.append(line)
    print(table(done))


def _done(file: Path) -> list[dict[str, object]]:
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def _lines_of_worker(
    first: int, given: argparse.Namespace, until: float
) -> Iterator[dict[str, object]]:
    """Yield the results of one worker, until it ends or dies; its death is a result, too."""
    command = [sys.executable, __file__, "--worker", str(first), "--inputs", str(given.inputs)]
    command += ["--seed", str(given.seed), "--out", str(given.out)]
    command += ["--only", given.only] if given.only else []
    begun = -1
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        signal.signal(signal.SIGALRM, lambda *_: worker.kill())
        try:
            signal.alarm(WAIT)
            for line in worker.stdout:
                signal.alarm(WAIT)
                value = json.loads(line)
                if "begun" in value:
                    begun = value["begun"]
                    continue
                begun = -1
                yield value
                if time.monotonic() > until:
                    worker.kill()
                    return
        finally:
            signal.alarm(0)
        code = worker.wait()
    if code == -signal.SIGKILL and begun < 0:
        return  # it was stopped for long from outside; the next worker goes on
    if code and begun < 0:
        sys.exit(f"the worker ended with {code} before it tried an input")
    if begun >= 0:
        name, _ = list(plan(given.inputs, given.only))[begun]
        late = -code in (signal.SIGXCPU, signal.SIGKILL)
        outcome = "hang" if late else "death"
        yield {"place": begun, "reader": name, "outcome": outcome, "why": f"exit code {code}"}


def table(done: list[dict[str, object]]) -> str:
    """Return the counts by reader and outcome in Markdown, and the faults by their place."""
    kinds = (*GOOD, *BAD)
    counts = Counter((str(one["reader"]), str(one["outcome"])) for one in done)
    lines = [f"| reader | inputs | {' | '.join(kinds)} |", "|---|" + "---:|" * (len(kinds) + 1)]
    names = [name for name in READERS if any(counts[name, kind] for kind in kinds)]
    for name in names:
        row = [counts[name, kind] for kind in kinds]
        lines.append(f"| {name} | {sum(row)} | {' | '.join(map(str, row))} |")
    row = [sum(counts[name, kind] for name in names) for kind in kinds]
    lines.append(f"| all | {sum(row)} | {' | '.join(map(str, row))} |")
    faults = Counter(
        f"{one['reader']}: {one['outcome']}: {one['why']}" for one in done if one["outcome"] in BAD
    )
    return "\n".join(
        [*lines, "", *(f"{number} x {what}" for what, number in faults.most_common(40))]
    )


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
