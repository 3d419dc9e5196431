"""Many questions in one process: memory, open files and time, and whether any of them crashes.

    python benchmarks/many_questions.py [--questions 1000] [--mutated 2000] [--seed 0]
        [--journal DIR]

The questions are the development part of data/questions, over and over, about six photographs of
scikit-image. Mutated ones lose, double, exchange and gain letters, words, signs and control
characters, or are a thousand characters long; a question may be refused in one line, and nothing
else may happen. With --journal, a run that was ended goes on where it was; its memory is then
that of the process that went on.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import random
import resource
import sys
import warnings
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter

from kg.errors import SightGraphError
from kg.files import bundled
from pipelines.datasets.questions import read_questions

PHOTOS = ("astronaut", "camera", "cat", "coffee", "motorcycle", "rocket")
STRANGE = "\x00\x07\u202e\u200b\ud800\U0001f431éßж漢'\"\\%{}<>$&;\n\t?!."
STEPS = 10


def resident() -> float:
    """Return the memory of this process now, in MiB (Linux: proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 2**20


def trimmed() -> float:
    """Return `resident` after glibc gave back what is free: the rest is in use, or fragments."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    return resident()


def mutated(text: str, chance: random.Random) -> str:
    """Return the text with one to four changes."""
    letters = list(text)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(letters) + 1)
        match chance.randrange(6):
            case 0:
                letters.insert(place, chance.choice(STRANGE))
            case 1:
                del letters[place : place + chance.randint(1, 8)]
            case 2:
                letters[place:place] = letters[place : place + 12]
            case 3:
                chance.shuffle(letters)
            case 4:
                letters = list("".join(letters) * chance.randint(2, 40))[:3000]
            case 5:
                letters[place : place + 1] = chance.choice(STRANGE) * chance.randint(1, 5)
    return "".join(letters)


def ask_all(questions: list[str], title: str, journal: Path | None) -> int:
    """Ask those that the journal does not hold; print what it took; return how many crashed.

    journal: a line for each question, its outcome: "answered", "refused" or "crashed".
    """
    from sightgraph import SightGraph

    outcomes = journal.read_text(encoding="utf-8").split() if journal and journal.exists() else []
    before = len(outcomes)
    tasks = list(zip(questions, cycle(PHOTOS), strict=False))[before:]
    if not tasks:
        return report(title, outcomes, None)
    sightgraph = SightGraph.from_pretrained()
    start = perf_counter()
    for text, photo in tasks:
        try:
            sightgraph.ask(f"example:{photo}", text)
            outcomes.append("answered")
        except SightGraphError:
            outcomes.append("refused")
        except Exception as error:  # what is looked for
            outcomes.append("crashed")
            print(f"{text!r}: {type(error).__name__}: {error}")
        if journal:
            with journal.open("a", encoding="utf-8") as lines:
                lines.write(outcomes[-1] + "\n")
        if len(outcomes) % (len(questions) // STEPS or 1) == 0:
            report(title, outcomes, (perf_counter() - start) / (len(outcomes) - before))
    return outcomes.count("crashed")


def report(title: str, outcomes: list[str], each: float | None) -> int:
    """Print the counts, the memory and the open files; return how many crashed."""
    took = "" if each is None else f"{each:.3f} s each, "
    refused, crashed = outcomes.count("refused"), outcomes.count("crashed")
    print(
        f"{title} {len(outcomes):5}: {resident():6.0f} MiB, {trimmed():6.0f} in use, "
        f"{len(os.listdir('/proc/self/fd'))} open files, {took}{refused} refused, "
        f"{crashed} crashed",
        flush=True,
    )
    return crashed


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--mutated", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--journal", type=Path, help="folder of outcomes; a run goes on there")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    known = [
        one.text
        for name in ("knowledge.json", "typed.json")
        for one in read_questions(bundled("questions", name), "development")
    ]
    chance = random.Random(chosen.seed)
    plain = list(islice(cycle(known), chosen.questions))
    changed = [mutated(text, chance) for text in islice(cycle(known), chosen.mutated)]
    if chosen.journal:
        chosen.journal.mkdir(parents=True, exist_ok=True)
    crashed = 0
    for title, questions in (("plain", plain), ("mutated", changed)):
        journal = chosen.journal and chosen.journal / f"{title}-{chosen.seed}.txt"
        crashed += ask_all(questions, title, journal)
    if crashed:
        sys.exit(1)


if __name__ == "__main__":
    main()
