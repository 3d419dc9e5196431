"""A dialog about one photograph: questions, corrections, and what each rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from kg.errors import SightGraphError
from kg.graph import SceneGraph
from kg.linking import Linker
from pipelines.answering.evidence import Answer
from pipelines.answering.reader import Reader
from pipelines.answering.sentences import PathText
from pipelines.build.grounding import Grounder
from pipelines.corrected import CorrectedGraph
from pipelines.dialog.changes import counted, described
from pipelines.dialog.corrections import HELP, Corrections
from pipelines.dialog.ellipsis import Completion, is_fragment, without_opening
from pipelines.dialog.eyes import View
from pipelines.dialog.focus import Settled, focus_of
from pipelines.dialog.kinds import Kinds
from pipelines.dialog.references import Discourse, resolve
from pipelines.dialog.stated import StatedAnswers
from pipelines.dialog.statements import is_statement, read_statement, without_refusal
from pipelines.dialog.turn_graph import with_turns
from pipelines.dialog.turns import Change, MarkedText, Turn, TurnKind
from pipelines.photo import Photo, PhotoSource
from pipelines.reading.language import check_english
from pipelines.reading.lexicon import listed
from pipelines.reading.parser import check_text
from pipelines.reading.sentence import Sentence
from pipelines.sightgraph import SightGraph

MAX_TURNS = 500
"""Of one dialog; a longer one is begun anew."""
ASK = 'Ask about the photograph, for example "What is on the table?".'
CONTENT = listed("NN NNS NNP NNPS JJ JJR JJS VBN VBG CD WP WDT WRB PRP DT")
"""Tags of words of which a question or a fragment of one has at least one."""
CERTAIN = frozenset({"sure", "certain", "know"})
ASKED = frozenset({"what", "which", "who", "where", "when"})
"""Words of "do you know what colour the cup is?", which asks for more than certainty."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Which parts of the dialog are used; to take one away shows what it is worth.

    references: pronouns and fragments are completed; without, each question stands alone.
    corrections: statements change the graph; without, they are taken note of.
    """

    references: bool = True
    corrections: bool = True


class Dialog:
    """Questions and corrections about one photograph, one after the other.

    The photograph is looked at once. A turn never changes what an earlier one saw: each has a
    graph of its own, so that `undo` gives back exactly what was there before.

    >>> dialog = Dialog.about(SightGraph.from_pretrained(), "example:cat")
    >>> dialog.ask("What animal is this?").reply
    'cat'
    >>> [str(one) for one in dialog.ask("Is it a mammal?").references]
    ['it = cat (object 0)']

    reader: a language model that gives the answers, if there is one.
    """

    def __init__(
        self,
        view: View,
        turns: Sequence[Turn] = (),
        reader: Reader | None = None,
        rules: Rules | None = None,
    ) -> None:
        self.view = view
        self.reader = reader
        self.rules = rules or Rules()
        self._turns = list(turns)
        self._scene: tuple[tuple[Change, ...], SceneGraph] | None = None
        self._kinds = Kinds(view.sightgraph.builder.knowledge)
        self._grounder = Grounder(self._kinds.knowledge, Linker(self._kinds.knowledge))

    @classmethod
    def about(
        cls,
        sightgraph: SightGraph,
        photo: PhotoSource | None,
        graph: CorrectedGraph | None = None,
        reader: Reader | None = None,
        rules: Rules | None = None,
    ) -> Dialog:
        """Begin a dialog about a photograph, or about a corrected graph of it.

        photo: may be None if there is a graph.

        Raises:
            SightGraphError: the photograph cannot be read, or there is neither.
        """
        if graph is None and photo is None:
            raise SightGraphError("a dialog needs a photograph or a graph.")
        opened = None if photo is None else Photo.open(photo)
        if graph is not None:
            return cls(View.corrected(sightgraph, opened, graph), (), reader, rules)
        assert opened is not None
        return cls(View.of(sightgraph, opened), (), reader, rules)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns so far, the first one first."""
        return tuple(self._turns)

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of all corrections, in their order."""
        return tuple(change for turn in self._turns for change in turn.changes)

    @property
    def scene(self) -> SceneGraph:
        """The graph of the photograph as it is known now, without words of questions."""
        changes = self.changes
        if self._scene is None or self._scene[0] != changes:
            self._scene = changes, self.view.changed(changes)
        return self._scene[1]

    @property
    def graph(self) -> SceneGraph:
        """The graph of the last question, as it is known now, with all turns as nodes."""
        last = self._turns[-1] if self._turns else None
        asked = last is not None and last.kind == TurnKind.QUESTION
        return with_turns(self._answer_of(last).graph if asked and last else self.scene, self.turns)

    def ask(self, text: str) -> Turn:
        """Answer a question, or make a correction; the dialog goes on from there.

        Raises:
            SightGraphError: the text is empty, too long, not English, or a correction that cannot
                be made. The dialog is then as it was.
        """
        check_text(text)
        check_english(text)
        if len(self._turns) >= MAX_TURNS:
            raise SightGraphError(f"a dialog has at most {MAX_TURNS} turns. Begin a new one.")
        turn = self._turn(" ".join(text.split()))
        # Of the answers before, graph and evidence can be had again; kept, they would be megabytes.
        self._turns = [*(replace(one, answer=None) for one in self._turns), turn]
        return turn

    def undo(self) -> Turn | None:
        """Take the last turn back, with all that it changed, and return it; None at the start."""
        return self._turns.pop() if self._turns else None

    def why(self) -> str:
        """Return what the last answer rests on, in one line; "" if nothing was asked yet."""
        turn = self.last_question
        if turn is None:
            return ""
        answer = self._answer_of(turn)
        path = PathText(answer.graph, answer.question)(answer.evidence.path)
        if path:
            return path
        seen = [*answer.evidence.objects, *answer.evidence.scenes, *answer.evidence.texts]
        return "; ".join(f"seen: {node.label} {node.score:.2f}" for node in seen) or (
            "Nothing in the graph says so: it is a guess."
        )

    @property
    def last_question(self) -> Turn | None:
        """The last turn that was a question."""
        return next((one for one in reversed(self._turns) if one.kind == TurnKind.QUESTION), None)

    def answer(self) -> Answer | None:
        """Return the last answer with its evidence; None if nothing was asked yet."""
        return None if self.last_question is None else self._answer_of(self.last_question)

    def _turn(self, said: str) -> Turn:
        sentence = self.view.sightgraph.parser(said)
        last = self.last_question
        if _asks_why(sentence) and last is not None and self.rules.references:
            return Turn(said, TurnKind.WHY, self.why(), focus=last.focus, cited=last.cited)
        if not is_statement(sentence):
            return self._question(said)
        if self.rules.corrections:
            return self._correction(said, sentence)
        focus = () if last is None else last.focus
        return Turn(said, TurnKind.CORRECTION, "Nothing was changed.", focus=focus)

    def _question(self, said: str) -> Turn:
        marked = self._understood(said) if self.rules.references else MarkedText(said)
        sentence = self.view.sightgraph.parser(marked.text)
        answer = self._asked(marked, sentence)
        return Turn(
            said,
            TurnKind.QUESTION,
            answer.text,
            marked,
            tuple(dict.fromkeys(one.reference for one in marked.marks)),
            answer.confidence,
            answer.support.value,
            tuple(focus_of(answer, sentence, marked, self._kinds)),
            cited=tuple(node.id for node in answer.evidence.objects),
            answer=answer,
        )

    def _understood(self, said: str) -> MarkedText:
        """Return the whole question that was meant: references by name, fragments completed."""
        parser = self.view.sightgraph.parser
        text = without_opening(parser(said))
        sentence = parser(text)
        marked = resolve(sentence, self._discourse())
        last = self.last_question
        if not is_fragment(sentence):
            return marked
        if not any(one.tag in CONTENT for one in sentence.tokens):
            raise SightGraphError(f"that is neither a question nor a correction. {ASK} {HELP}")
        if last is None:
            return marked
        topic = next((one for turn in reversed(self._turns) for one in turn.focus), None)
        return Completion(last.asked, topic, self._kinds, parser)(marked)

    def _discourse(self) -> Discourse:
        history = [turn.focus for turn in reversed(self._turns)]
        return Discourse(history, self.scene, self._kinds)

    def _asked(self, marked: MarkedText, sentence: Sentence) -> Answer:
        """Return the answer to a question that was understood."""
        discourse = self._discourse()
        models = self.view.answering(self.changes, Settled(marked))
        counts = {name: len(discourse.objects(name)) for name in counted(self.changes)}
        stated = StatedAnswers(sentence, counts, self._kinds, models.edit_answers)
        answer = replace(models, edit_answers=stated).ask(self.view.photo, marked.text)
        return answer if self.reader is None else self.reader(answer, self.view.photo)

    def _answer_of(self, turn: Turn) -> Answer:
        """Return the answer of a turn, which is found anew where it was not kept."""
        if turn.answer is not None:
            return turn.answer
        place = self._turns.index(turn)
        before = Dialog(self.view, self._turns[:place], self.reader, self.rules)
        answer = before._asked(turn.asked, self.view.sightgraph.parser(turn.asked.text))
        self._turns[place] = replace(turn, answer=answer)
        return answer

    def _correction(self, said: str, sentence: Sentence) -> Turn:
        parser = self.view.sightgraph.parser
        text = without_refusal(sentence)
        statement = read_statement(parser(text)) if text else None
        if statement is None:
            raise SightGraphError(f"it is not clear what is right instead. {HELP}")
        last = self.last_question
        asked = None if last is None else parser(last.asked.text).question
        discourse = self._discourse()
        read = Corrections(
            discourse,
            self.view.sightgraph.knowledge,
            self._grounder,
            parser,
            "" if asked is None else asked.answer_type,
        )
        changes = tuple(read(statement))
        self.view.changed((*self.changes, *changes))  # before it is said to be made
        focus = read.spoken_of(statement, changes)
        return Turn(
            said,
            TurnKind.CORRECTION,
            described(changes, discourse.scene),
            references=read.references(statement),
            focus=focus or (() if last is None else last.focus),
            changes=changes,
            cited=tuple(dict.fromkeys(one.node for one in changes if one.node in discourse.scene)),
        )


def _asks_why(sentence: Sentence) -> bool:
    """Whether a text asks only what the last answer rests on: "why?", "are you sure?"."""
    words = [one.text.lower() for one in sentence.tokens if one.tag not in (".", ",", "CC", "UH")]
    if words[:1] == ["why"] and len(words) <= 2:
        return True
    asks_more = words[:1] not in (["how"], ["why"]) and not ASKED.isdisjoint(words)
    return "you" in words and not CERTAIN.isdisjoint(words) and not asks_more


__all__ = ["MAX_TURNS", "Dialog", "Rules"]
