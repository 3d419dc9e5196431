"""The options that name knowledge of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from kg.errors import SightGraphError
from pipelines.cli.options import as_one_argument

if TYPE_CHECKING:
    from kg.knowledge.facts import KnowledgeGraph


@dataclass(frozen=True, slots=True)
class OwnKnowledge:
    """The values of the options that `knowledge_options` adds."""

    files: tuple[str, ...] = ()
    only: bool = False
    language: str = "en"

    def load(self) -> KnowledgeGraph:
        """Return the knowledge that the options ask for.

        Raises:
            SightGraphError: --only-kg stands alone, --language is no tag, or a file is missing or
                broken.
        """
        if self.only and not self.files:
            raise SightGraphError("--only-kg leaves no knowledge. Name a file with --kg.")
        from kg.knowledge.joined import load_knowledge

        return load_knowledge(self.files, not self.only, self.language)


OPTIONS = (
    click.option(
        "--kg",
        "files",
        multiple=True,
        metavar="FILE|DIR|STORE|URL",
        help="Knowledge of your own beside the bundled: RDF files, a store that `kg import` made, "
        "or a SPARQL endpoint. May be repeated.",
    ),
    click.option(
        "--only-kg", "only", is_flag=True, help="Leave the bundled knowledge out; needs --kg."
    ),
    click.option(
        "--language",
        metavar="TAG",
        default="en",
        help="Language of the names in the RDF files of --kg (en, de, pt-BR ...; default en). "
        "What has no name in it is called by the name that it has.",
    ),
)
knowledge_options = as_one_argument("own_knowledge", OwnKnowledge, OPTIONS)
"""Adds the options; the command takes them as one argument, `own_knowledge`."""
