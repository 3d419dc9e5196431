"""Objects, a text and knowledge into one graph, by a list of steps `graph -> graph`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from kg.graph import PhotoInfo, SceneGraph
from kg.knowledge.edits import EditedKnowledge
from kg.knowledge.facts import KnowledgeGraph
from kg.linking import Linker
from pipelines.build.context import BuildContext, ConceptLinker
from pipelines.build.grounding import Grounder
from pipelines.build.retrieval import EditedFinder, FindsFacts
from pipelines.build.set_facts import add_set_facts
from pipelines.build.signals import add_signal_mentions, add_signals
from pipelines.build.steps import (
    add_activities,
    add_attributes,
    add_entities,
    add_objects,
    add_scenes,
    add_spatial,
    add_stated_relations,
    add_texts,
    add_visual_relations,
    retrieve,
)
from pipelines.detections import Detection, PerceptionResult
from pipelines.modalities import Modality
from pipelines.reading.sentence import Sentence

Step = Callable[[SceneGraph, BuildContext], SceneGraph]
"""Returns the graph with something added or left out."""
PHOTO_STEPS: tuple[Step, ...] = (
    add_objects,
    add_spatial,
    add_attributes,
    add_visual_relations,
    add_scenes,
    add_texts,
    add_signals,
)
TEXT_STEPS: tuple[Step, ...] = (
    add_entities,
    add_signal_mentions,
    add_activities,
    add_stated_relations,
    retrieve,
    add_set_facts,
)


@dataclass(frozen=True)
class GraphBuilder:
    """Builds the one graph of a photograph, a text and what is known of both.

    linker: for the words of the text; by name alone if None.
    finders: bring facts of stores that are too large to be used whole.
    photo_steps, text_steps: run in this order, the latter only if there is a text.
    """

    knowledge: KnowledgeGraph
    linker: Linker | None = None
    finders: Sequence[FindsFacts] = ()
    photo_steps: tuple[Step, ...] = PHOTO_STEPS
    text_steps: tuple[Step, ...] = TEXT_STEPS

    def __call__(
        self,
        detections: Sequence[Detection],
        photo: PhotoInfo | None = None,
        sentence: Sentence | None = None,
        perceived: PerceptionResult | None = None,
        signals: Sequence[Modality] = (),
    ) -> SceneGraph:
        """Return the graph; the i-th detection is the node `object:i`.

        detections: as `pipelines.detections.strongest` orders them.
        perceived: what else the photograph shows of the detections.
        signals: the modalities beside the photograph, in this order.
        """
        graph = SceneGraph(photo, sentence.text if sentence else None)
        perceived = perceived or PerceptionResult()
        context = replace(
            self._context, detections=detections, perceived=perceived, signals=signals
        )
        for step in self.photo_steps:
            graph = step(graph, context)
        return graph if sentence is None else self._with_text(graph, context, sentence)

    def with_text(self, graph: SceneGraph, sentence: Sentence) -> SceneGraph:
        """Return a copy of a photograph's graph with a text: the same as building both at once."""
        copy = SceneGraph(graph.photo, sentence.text)
        copy.networkx = graph.networkx.copy()
        return self._with_text(copy, self._context, sentence)

    def edited(self, knowledge: EditedKnowledge) -> GraphBuilder:
        """Return a builder over `knowledge` that shares the linker's vectors and the stores."""
        linker = self._context.concepts.linker
        return replace(
            self,
            knowledge=knowledge,
            linker=linker.of(knowledge),
            finders=[EditedFinder(finder, knowledge) for finder in self.finders],
        )

    def _with_text(
        self, graph: SceneGraph, context: BuildContext, sentence: Sentence
    ) -> SceneGraph:
        context = replace(context, sentence=sentence)
        for step in self.text_steps:
            graph = step(graph, context)
        return graph

    @cached_property
    def _context(self) -> BuildContext:
        """The parts that all graphs share; the grounder caches the concepts of labels."""
        linker = self.linker or Linker(self.knowledge)
        grounder = Grounder(self.knowledge, linker.by_name)
        return BuildContext(ConceptLinker(self.knowledge, linker), grounder, self.finders)
