"""Rules of events, read from data/video/events.yaml or a file of one's own, and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import yaml  # type: ignore[import-untyped]

from kg import schema
from kg.errors import SightGraphError, unknown_name
from kg.files import bundled
from pipelines.video.measures import OF_ONE, OF_PAIR

MAX_BYTES = 1_000_000
MAX_LENGTH = 1e6
"""Of any threshold, in its unit."""
Moment = Literal["begins", "ends", "during"]
Party = Literal["who", "what", "pair"]
Side = Literal["before", "after", "within"]


@dataclass(frozen=True, slots=True)
class Condition:
    """`measure` is above (or below) `threshold`, in the measure's unit."""

    measure: str
    above: bool
    threshold: float


@dataclass(frozen=True, slots=True)
class State:
    """A stretch of time in which all conditions hold; of one thing or of a pair.

    goes_on: the state during which every interruption is closed.
    """

    name: str
    of_pair: bool
    conditions: tuple[Condition, ...]
    goes_on: str | None = None


@dataclass(frozen=True, slots=True)
class Need:
    """A state that must hold near the moment of an event, at most `seconds` away on that side."""

    state: str
    of: Party
    side: Side
    seconds: float


@dataclass(frozen=True, slots=True)
class Moves:
    """How far, in sizes of who, something must get from where it was.

    side: "during" the state, or before its beginning.
    """

    of: Party
    side: str
    sizes: float


@dataclass(frozen=True, slots=True)
class Rule:
    """An event: who does it, to what, and at which moment of which state.

    verbs: how questions name it. who, what: kinds of things; what is None where there is none.
    falls, ends_at: by how much measures must fall during the state, and what they are at most at
    its end. choose: measure, and whether the greatest of simultaneous events is kept.
    """

    name: str
    verbs: tuple[str, ...]
    who: str
    what: str | None
    moment: Moment
    state: str
    needs: tuple[Need, ...] = ()
    moves: Moves | None = None
    falls: Mapping[str, float] = field(default_factory=dict)
    ends_at: Mapping[str, float] = field(default_factory=dict)
    choose: tuple[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """Labels and categories of labels that belong to a kind; or, `inverted`, that do not."""

    labels: frozenset[str]
    inverted: bool = True


@dataclass(frozen=True)
class Rules:
    """All of a file of rules. smoothing: seconds."""

    smoothing: float
    kinds: Mapping[str, Kind]
    states: Mapping[str, State]
    events: Mapping[str, Rule]

    @classmethod
    def bundled(cls) -> Rules:
        """Return the rules that ship with SightGraph."""
        return cls.read(bundled("video", "events.yaml"))

    @classmethod
    def read(cls, file: Path) -> Rules:
        """Read a file of rules.

        Raises:
            SightGraphError: it cannot be read, or a rule is wrong; says which.
        """
        try:
            if file.stat().st_size > MAX_BYTES:
                raise SightGraphError(f"'{file}' is larger than {MAX_BYTES // 1000} kB.")
            content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            reason = " ".join(str(error).split())[:200]
            raise SightGraphError(f"the rules '{file}' cannot be read: {reason}.") from error
        try:
            return _rules(content)
        except (ValueError, SightGraphError) as error:
            raise SightGraphError(f"{file}: {str(error).removesuffix('.')}.") from error


def _rules(content: Any) -> Rules:
    fields = _fields(content, "the file", {"smoothing", "kinds", "states", "events"})
    kinds = {name: _kind(name, one) for name, one in _named(fields, "kinds").items()}
    states = {name: _state(name, one) for name, one in _named(fields, "states").items()}
    for one in states.values():
        _check_goes_on(one, states)
    events = {
        name: _event(name, one, kinds, states) for name, one in _named(fields, "events").items()
    }
    smoothing = _seconds(fields.get("smoothing", 0.0), "smoothing")
    return Rules(smoothing, kinds, states, events)


def _kind(name: str, content: Any) -> Kind:
    fields = _fields(content, f"the kind '{name}'", {"labels", "not"})
    if "labels" in fields:
        return Kind(frozenset(schema.texts(fields["labels"], f"labels of '{name}'")), False)
    return Kind(frozenset(schema.texts(fields.get("not"), f"not of '{name}'")))


def _state(name: str, content: Any) -> State:
    where = f"the state '{name}'"
    fields = _fields(content, where, {"of", "when", "while"})
    of = _one_of(fields.get("of"), ("one", "pair"), f"of in {where}")
    measures = OF_ONE if of == "one" else {**OF_ONE, **OF_PAIR}
    conditions = tuple(
        _condition(_known(measure, measures, "measure"), one, where)
        for measure, one in schema.mapping(fields.get("when"), f"when in {where}").items()
    )
    goes_on = fields.get("while")
    return State(
        name,
        of == "pair",
        conditions,
        None if goes_on is None else schema.text(goes_on, f"while in {where}"),
    )


def _check_goes_on(state: State, states: Mapping[str, State]) -> None:
    """Check the states during which a state goes on, and those during which they go on."""
    passed, one = [state.name], state
    while one.goes_on is not None:
        following = states[_known(one.goes_on, states, "state")]
        if following.of_pair and not one.of_pair:
            raise ValueError(f"the state '{one.name}' is of one, and goes on while one of a pair")
        if following.name in passed:
            raise ValueError(f"states go on while each other: {', '.join(passed)}")
        passed.append(following.name)
        one = following


def _condition(measure: str, content: Any, where: str) -> Condition:
    fields = _fields(content, f"'{measure}' in {where}", {"above", "below"})
    sides = [side for side in ("above", "below") if side in fields]
    if len(sides) != 1:
        raise ValueError(f"'{measure}' in {where} needs either 'above' or 'below'")
    threshold = schema.finite(fields[sides[0]], f"{sides[0]} of '{measure}'", MAX_LENGTH)
    return Condition(measure, sides[0] == "above", threshold)


_RULE = {"verbs", "who", "what", "begins", "ends", "during", "needs", "moves", "falls", "ends_at"}


def _event(name: str, content: Any, kinds: Mapping[str, Any], states: Mapping[str, State]) -> Rule:
    where = f"the event '{name}'"
    fields = _fields(content, where, {*_RULE, "choose"})
    moments: list[Moment] = [one for one in ("begins", "ends", "during") if one in fields]
    if len(moments) != 1:
        raise ValueError(f"{where} needs one of 'begins', 'ends' and 'during'")
    state = _known(fields[moments[0]], states, "state")
    what = fields.get("what")
    if states[state].of_pair and what is None:
        raise ValueError(f"{where} needs 'what': its state '{state}' is of a pair")
    choose = fields.get("choose")
    rule = Rule(
        name,
        schema.texts(fields.get("verbs"), f"verbs of {where}"),
        _known(fields.get("who"), kinds, "kind"),
        None if what is None else _known(what, kinds, "kind"),
        moments[0],
        state,
        tuple(
            _need(one, where, states)
            for one in schema.sequence(fields.get("needs") or [], f"needs of {where}")
        ),
        _moves(fields["moves"], where) if "moves" in fields else None,
        _limits(fields.get("falls"), f"falls of {where}"),
        _limits(fields.get("ends_at"), f"ends_at of {where}"),
        None if choose is None else _choice(choose, where),
    )
    pairs = [one.state for one in rule.needs if one.of != "who"]
    if what is None and (pairs or rule.falls or rule.ends_at or rule.choose):
        raise ValueError(f"{where} has no 'what', and needs something of a pair")
    return rule


def _need(content: Any, where: str, states: Mapping[str, State]) -> Need:
    fields = _fields(content, f"a need of {where}", {"state", "of", "before", "after", "within"})
    sides: list[Side] = [one for one in ("before", "after", "within") if one in fields]
    if len(sides) != 1:
        raise ValueError(f"a need of {where} needs one of 'before', 'after' and 'within'")
    state = _known(fields.get("state"), states, "state")
    parties: tuple[Party, ...] = ("pair",) if states[state].of_pair else ("who", "what")
    of: Any = _one_of(fields.get("of"), parties, f"of in a need of {where}")
    return Need(state, of, sides[0], _seconds(fields[sides[0]], f"{sides[0]} in {where}"))


def _moves(content: Any, where: str) -> Moves:
    fields = _fields(content, f"moves of {where}", {"of", "during", "before"})
    of: Any = _one_of(fields.get("of"), ("who", "what"), f"of in moves of {where}")
    sides = [one for one in ("during", "before") if one in fields]
    if len(sides) != 1:
        raise ValueError(f"moves of {where} needs either 'during' or 'before'")
    return Moves(of, sides[0], schema.finite(fields[sides[0]], f"moves of {where}", MAX_LENGTH))


def _limits(content: Any, where: str) -> dict[str, float]:
    given = schema.mapping(content or {}, where)
    measures = {**OF_ONE, **OF_PAIR}
    return {
        _known(measure, measures, "measure"): schema.finite(value, where, MAX_LENGTH)
        for measure, value in given.items()
    }


def _choice(content: Any, where: str) -> tuple[str, bool]:
    fields = _fields(content, f"choose of {where}", {"least", "greatest"})
    if len(fields) != 1:
        raise ValueError(f"choose of {where} needs either 'least' or 'greatest'")
    side, measure = next(iter(fields.items()))
    return _known(measure, {**OF_ONE, **OF_PAIR}, "measure"), side == "greatest"


def _fields(content: Any, where: str, known: set[str]) -> Mapping[str, Any]:
    fields = schema.mapping(content, where)
    for name in fields:
        if name not in known:
            raise unknown_name(f"field of {where}", str(name), known)
    return fields


def _named(fields: Mapping[str, Any], part: str) -> Mapping[str, Any]:
    found = schema.mapping(fields.get(part), part)
    return {schema.text(name, f"a name in {part}", empty=False): one for name, one in found.items()}


def _known(name: Any, names: Mapping[str, Any], what: str) -> Any:
    if not isinstance(name, str):
        raise ValueError(f"a {what} is missing" if name is None else f"{name!r} is no {what}")
    if name not in names:
        raise unknown_name(what, name, names)
    return name


def _one_of(value: Any, allowed: tuple[str, ...], field: str) -> str:
    if value not in allowed:
        raise ValueError(f"{field} is {value!r}, which is none of {', '.join(allowed)}")
    return str(value)


def _seconds(value: Any, field: str) -> float:
    seconds = schema.finite(value, field, schema.MAX_SECONDS)
    if seconds < 0:
        raise ValueError(f"{field} is {seconds:g} seconds")
    return seconds
