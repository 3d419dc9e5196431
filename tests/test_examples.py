"""examples/: what they show works."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NEW_FUSION = ROOT / "examples" / "new_fusion.py"


def test_a_new_fusion_is_less_than_thirty_lines_and_goes_through_the_bench(tmp_path: Path) -> None:
    tree = ast.parse(NEW_FUSION.read_text(encoding="utf-8"))
    (fusion,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    assert fusion.end_lineno is not None
    assert fusion.end_lineno - fusion.lineno < 30
    program = (
        "import runpy, sys\n"
        "from pipelines.bench.sort_of_clevr import SortOfClevr\n"
        "SortOfClevr.amounts = (64, 16, 16)\n"
        f"sys.argv = ['x', '--epochs', '1', '--seeds', '1', '--out', {str(tmp_path)!r}]\n"
        f"runpy.run_path({str(NEW_FUSION)!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    table = (tmp_path / "table.md").read_text(encoding="utf-8")
    assert "| gated |" in table
    assert "| early |" in table
