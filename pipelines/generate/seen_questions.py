"""Questions about what is seen: colours, places in the picture, sizes, doings, the scene."""

from __future__ import annotations

from random import Random

from kg.graph import Edge, Node
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.generate.question import Question
from pipelines.generate.references import References, Scene
from pipelines.generate.wording import capital, with_article
from pipelines.seeing.colours import COLOURS
from pipelines.seeing.perception_types import HAS_COLOUR, HAS_POSITION, HAS_SIZE

ATTRIBUTE_ASKS: dict[str, tuple[str, ...]] = {
    HAS_COLOUR: (
        "What colour is {s}?",
        "What color is {s}?",
        "Which colour does {s} have?",
        "What is the colour of {s}?",
        "What is the color of {s}?",
        "Tell me the colour of {s}.",
        "What colours does {s} have?",
        "What colors is {s}?",
        "What are the main colours of {s}?",
        "Which color is {s} mostly?",
        "In what colour is {s} painted?",
        "What colour can you see on {s}?",
    ),
    HAS_POSITION: (
        "Where in the picture is {s}?",
        "In which part of the photo is {s}?",
        "On which side of the picture is {s}?",
        "What part of the picture is {s} in?",
    ),
    HAS_SIZE: ("How big is {s}?", "What size is {s}?", "How large is {s} in the picture?"),
}
"""Questions whose answer is an attribute that was seen, by its relation."""
COLOUR_YES_NO = ("Is {s} {c}?", "Does {s} look {c}?", "Is the colour of {s} {c}?")
COLOUR_SELECT = ("Which object is {c}?", "What in the picture is {c}?", "Which thing here is {c}?")
SCENE_ASKS = (
    "Where was this photo taken?",
    "What place is this?",
    "What kind of place is shown?",
    "Where is this?",
    "What room is this?",
    "What location does the picture show?",
    "What is the scene of the picture?",
    "What kind of room is this?",
    "What room are we in?",
    "In what room is this?",
    "Which room do you see?",
    "In what sort of place are we?",
    "What place might this be?",
    "Where could this picture have been taken?",
    "Where are these people?",
    "In what kind of surroundings was this taken?",
    "Where has somebody taken this photo?",
)
DOING_ASKS = (
    "What is {s} {doing}?",
    "What object is {s} {doing}?",
    "What thing is {s} {doing}?",
    "Which thing is {s} {doing} here?",
)
DOING_YES_NO = ("Is {s} {doing} {a_o}?",)


class SeenQuestions:
    """Writes questions about what is seen; the graph's seen nodes are the answers."""

    def __init__(self, references: References, random: Random) -> None:
        self.references = references
        self.random = random

    def attribute(self, scene: Scene) -> Question | None:
        """What colour is X?, where in the picture is X?, how big is X?"""
        reference = self.references.choose(scene)
        relation = self.random.choice((HAS_COLOUR, HAS_COLOUR, HAS_POSITION, HAS_SIZE))
        edges = [edge for node in reference.targets for edge in _attributes(scene, node, relation)]
        if not edges:
            return None
        wording = self.random.choice(ATTRIBUTE_ASKS[relation])
        return Question(
            text=wording.format(s=reference.phrase),
            kind=relation.removeprefix("has "),
            subject=scene.concept[reference.targets[0].id],
            wording=wording,
            answers=frozenset(edge.target for edge in edges),
            path=reference.path | {(edge.source, edge.target) for edge in edges},
        )

    def colour_yes_no(self, scene: Scene) -> Question | None:
        """Is X red?: half yes, half another colour."""
        reference = self.references.choose(scene)
        edges = {
            scene.graph.node(edge.target).label: edge
            for node in reference.targets
            for edge in _attributes(scene, node, HAS_COLOUR)
        }
        if not edges:
            return None
        wanted = self.random.random() < 0.5
        colour = self.random.choice(
            sorted(edges) if wanted else [c for c in COLOURS if c not in edges]
        )
        wording = self.random.choice(COLOUR_YES_NO)
        found = {(edges[colour].source, edges[colour].target)} if wanted else set()
        return Question(
            text=capital(wording.format(s=reference.phrase, c=colour)),
            kind="colour yes/no",
            subject=scene.concept[reference.targets[0].id],
            wording=wording,
            yes=wanted,
            path=reference.path | found,
        )

    def colour_select(self, scene: Scene) -> Question | None:
        """Which object is red?"""
        seen = [edge for node in scene.objects for edge in _attributes(scene, node, HAS_COLOUR)]
        if not seen:
            return None
        chosen = self.random.choice(seen).target
        edges = [edge for edge in seen if edge.target == chosen]
        wording = self.random.choice(COLOUR_SELECT)
        return Question(
            text=wording.format(c=scene.graph.node(chosen).label),
            kind="colour select",
            subject=scene.concept[edges[0].source],
            wording=wording,
            answers=frozenset(edge.source for edge in edges),
            path=frozenset((edge.source, edge.target) for edge in edges),
        )

    def place(self, scene: Scene) -> Question | None:
        """What place is this?"""
        scenes = scene.graph.nodes(NodeKind.SCENE)
        if not scenes:
            return None
        wording = self.random.choice(SCENE_ASKS)
        return Question(
            text=wording,
            kind="scene",
            subject=scenes[0].label,
            wording=wording,
            answers=frozenset(one.id for one in scenes),
        )

    def doing(self, scene: Scene) -> Question | None:
        """What is the person riding?, is the person riding a horse?"""
        doings = _doings(scene)
        if not doings:
            return None
        chosen = self.random.choice(doings)
        subject = scene.graph.node(chosen.source)
        alike = {one.id for one in scene.same_label(subject)}
        edges = [
            edge for edge in doings if edge.source in alike and edge.relation == chosen.relation
        ]
        asks = {"s": f"the {subject.label}", "doing": chosen.relation}
        if self.random.random() < 0.6:
            wording = self.random.choice(DOING_ASKS)
            return Question(
                text=wording.format(**asks),
                kind="doing",
                subject=scene.concept[subject.id],
                wording=chosen.relation,
                answers=frozenset(edge.target for edge in edges),
                path=frozenset((edge.source, edge.target) for edge in edges),
            )
        other = self.random.choice(scene.objects)
        done = [edge for edge in edges if scene.graph.node(edge.target).label == other.label]
        wording = self.random.choice(DOING_YES_NO)
        return Question(
            text=capital(wording.format(**asks, a_o=with_article(other.label))),
            kind="doing yes/no",
            subject=scene.concept[subject.id],
            wording=chosen.relation,
            yes=bool(done),
            path=frozenset((edge.source, edge.target) for edge in done),
        )


def _attributes(scene: Scene, node: Node, relation: str) -> list[Edge]:
    return [edge for edge in scene.graph.edges_from(node.id) if edge.relation == relation]


def _doings(scene: Scene) -> list[Edge]:
    """Return the semantic relations between objects."""
    return [
        edge
        for edge in scene.graph.edges(EdgeKind.SEMANTIC)
        if edge.origin == "relations" and edge.source in scene.concept
    ]
