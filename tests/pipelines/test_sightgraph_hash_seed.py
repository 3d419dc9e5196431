"""The whole way gives the same answer in every process, whatever Python's hash seed is."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = """
import json
from kg.knowledge.edits import Edits
from pipelines.sightgraph import SightGraph
sightgraph = SightGraph.from_pretrained()
for question, edits in [
    ("What is the object next to the cup used for?", None),
    ("What is this cup used for?", Edits(set=["cup usedFor holding pens"])),
]:
    answer = sightgraph.ask("example:coffee", question, edits)
    print(answer.text, [(one.text, one.score) for one in answer.candidates])
    print(answer.evidence)
    print(list(answer.graph.nodes()), list(answer.graph.edges()))
"""


def test_an_answer_with_its_evidence_and_graph_hangs_on_no_hash_seed() -> None:
    def printed(seed: str) -> str:
        environment = os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    assert printed("0") == printed("5")
