"""The parts that read the knowledge, made anew for edited knowledge in a moment."""

from __future__ import annotations

from collections.abc import Sequence

from kg.edits import EditedKnowledge
from kg.facts import Fact
from kg.linking import Linker
from pipelines.build import GraphBuilder
from pipelines.retrieval import MOST_FACTS, FactFinder
from pipelines.seeing.perception import Perception


class EditedFinder(FactFinder):
    """`finder` without the facts that are unset."""

    def __init__(self, finder: FactFinder, knowledge: EditedKnowledge) -> None:
        self.finder = finder
        self.store = finder.store
        self.knowledge = knowledge

    def __call__(
        self, question: str, asked: Sequence[int], seen: Sequence[int], most: int = MOST_FACTS
    ) -> list[Fact]:
        """Return the best facts around the nodes `asked` and `seen`, best first."""
        found = self.finder(question, asked, seen, most)
        return [fact for fact in found if not self.knowledge.takes_away(fact)]

    def nodes(self, name: str, lemma: str | None = None) -> list[int]:
        """Return the nodes that a name may mean."""
        return self.finder.nodes(name, lemma)


def edited_builder(builder: GraphBuilder, knowledge: EditedKnowledge) -> GraphBuilder:
    """Return a builder over `knowledge` with the linker's vectors and the stores of `builder`."""
    linker = Linker(knowledge, builder.linker.meanings, builder.linker.words)
    return GraphBuilder(
        knowledge, linker, [EditedFinder(finder, knowledge) for finder in builder.finders]
    )


def edited_perception(perception: Perception, knowledge: EditedKnowledge) -> Perception:
    """Return a perception that sees alike, and suggests what `knowledge` says."""
    edited = Perception(knowledge)
    edited.eye = perception.eye
    edited.scenes = perception.scenes
    edited.relations = perception.relations
    return edited
