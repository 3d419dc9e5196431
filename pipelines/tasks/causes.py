"""Which step failed in the wrong answers, as shares of all questions: where to work next.

    python -m pipelines.tasks.causes ANSWERS.json CAUSES.json

ANSWERS.json is what `sightgraph evaluate questions --json` wrote; CAUSES.json names by hand the
step that failed for each wrong answer: {"q017": "seen wrong", ...}.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from kg.errors import SightGraphError, unknown_name

CAUSES = {
    "seen wrong": "an object, colour or place was missed or taken for another",
    "read wrong": "the question was not understood",
    "not known": "no fact says it",
    "linked wrong": "words or objects were taken for another concept",
    "ranked wrong": "all was there, and another candidate won",
}
"""The steps in the order of the work, and what it means that one failed."""
NOT_LOOKED_AT = "not looked at"


def table(answers: Sequence[Mapping[str, Any]], causes: Mapping[str, str]) -> str:
    """Return the shares of the causes in Markdown, with the types of question that each hit.

    answers: each with id, type and right; causes: by id of a wrong answer.

    Raises:
        SightGraphError: a cause is unknown, or is given for an answer that is right or not there.
    """
    _check(answers, causes)
    wrong = [one for one in answers if not one["right"]]
    found = [causes.get(one["id"], NOT_LOOKED_AT) for one in wrong]
    counted = Counter(found)
    rows = [["step that failed", "answers", "of the wrong", "of all", "types"]]
    rows.append(["---", *["---:"] * 3, "---"])
    for cause in [*CAUSES, *([NOT_LOOKED_AT] if NOT_LOOKED_AT in counted else [])]:
        kinds = Counter(
            one["type"] for one, why in zip(wrong, found, strict=True) if why == cause
        ).most_common()
        shares = [_share(counted[cause], len(wrong)), _share(counted[cause], len(answers))]
        listed = ", ".join(f"{kind} {amount}" for kind, amount in kinds)
        rows.append([cause, str(counted[cause]), *shares, listed])
    rows.append(["wrong", str(len(wrong)), "", _share(len(wrong), len(answers)), ""])
    right = len(answers) - len(wrong)
    rows.append(["right", str(right), "", _share(right, len(answers)), ""])
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"


def _share(amount: int, of: int) -> str:
    return f"{100 * amount / of:.1f} %" if of else ""


def _check(answers: Sequence[Mapping[str, Any]], causes: Mapping[str, str]) -> None:
    right = {one["id"]: one["right"] for one in answers}
    for name, cause in causes.items():
        if cause not in CAUSES:
            raise unknown_name(f"cause of '{name}':", cause, CAUSES)
        if name not in right:
            raise unknown_name("question with a cause", name, right)
        if right[name]:
            raise SightGraphError(
                f"question '{name}' was answered rightly, so nothing failed. Leave its cause out."
            )


def read(file: Path, what: str) -> Any:
    """Return the JSON in `file`.

    Raises:
        SightGraphError: it cannot be read; `what` says what it should hold.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SightGraphError(f"cannot read {what} in '{file}': {error}.") from error


def read_answers(file: Path) -> list[dict[str, Any]]:
    """Return the answers that `evaluate questions --json` wrote to `file`.

    Raises:
        SightGraphError: the file cannot be read, or holds something else.
    """
    content = read(file, "the answers")
    answers = content.get("answers") if isinstance(content, dict) else None
    if not answers or not all({"id", "type", "right"} <= set(one) for one in answers):
        raise SightGraphError(
            f"'{file}' holds no answers. Write it with sightgraph evaluate questions --json FILE."
        )
    return list(answers)


@click.command()
@click.argument("answers", type=click.Path(path_type=Path))
@click.argument("causes", type=click.Path(path_type=Path))
def main(answers: Path, causes: Path) -> None:
    """Print the table of what failed in ANSWERS, by the CAUSES named by hand."""
    try:
        click.echo(table(read_answers(answers), read(causes, "the causes")), nl=False)
    except SightGraphError as error:
        click.echo(f"causes: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
