"""From tracks to events, by rules: states, and what begins, ends or lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np

from kg.graph import Interval
from pipelines.video.measures import Path, measured
from pipelines.video.rules import Condition, Kind, Moves, Need, Rule, Rules, State
from pipelines.video.tracking import Track

START = 0.35
"""Seconds at either end of the video in which nothing begins or ends: it may have been so."""
JUST_BEFORE = 2.0
"""Seconds before a moment in which something must have moved, where a rule asks that."""
AT_ONCE = 1.0
"""Events of one rule and one who that are so many seconds apart are the same moment."""
NamesOf = Callable[[str], frozenset[str]]
"""From a detector's label to the labels of all categories that it belongs to, itself included."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens; who, what: places of tracks. score: of the less sure of them."""

    name: str
    who: int
    what: int | None
    interval: Interval
    score: float


Run = tuple[int, int]
"""First and last place on the grid of times, both included."""


@dataclass
class _Watch:
    """The tracks of one video with their measured states, each computed once.

    times [T]: seconds of the frames that were looked at.
    """

    tracks: Sequence[Track]
    paths: Sequence[Path]
    times: np.ndarray
    rules: Rules
    known: dict[tuple[str, int, int | None], list[Run]] = field(default_factory=dict)

    def runs(self, name: str, who: int, what: int | None) -> list[Run]:
        """Return when a state holds."""
        state = self.rules.states[name]
        key = (name, who, what if state.of_pair else None)
        if key not in self.known:
            self.known[key] = self._runs(state, who, key[2])
        return self.known[key]

    def _runs(self, state: State, who: int, what: int | None) -> list[Run]:
        cut = self.together(who, what)
        if cut is None:
            return []
        one, other = cut
        holds = np.ones(len(one.times), dtype=bool)
        for condition in state.conditions:
            holds &= fulfilled(measured(condition.measure, one, other), condition)
        found = [(start + one.first, end + one.first) for start, end in runs_of(holds)]
        if state.goes_on is None:
            return found
        around = self.runs(state.goes_on, who, what)
        joined: list[Run] = []
        for run in found:
            if joined and any(a <= joined[-1][1] and run[0] <= b for a, b in around):
                run = (joined.pop()[0], run[1])
            joined.append(run)
        return joined

    def together(self, who: int, what: int | None) -> tuple[Path, Path | None] | None:
        """Return the paths while both are followed; None where they never are at once."""
        one = self.paths[who]
        if what is None:
            return one, None
        other = self.paths[what]
        first, last = max(one.first, other.first), min(one.last, other.last)
        return None if first >= last else (one.cut(first, last), other.cut(first, last))

    def value(self, measure: str, who: int, what: int | None, place: int) -> float:
        """Return a measure at a place of the grid; NaN where it has none."""
        cut = self.together(who, what)
        if cut is None or not cut[0].first <= place <= cut[0].last:
            return float("nan")
        return float(measured(measure, *cut)[place - cut[0].first])


def events_of(
    tracks: Sequence[Track],
    times: np.ndarray,
    frame: tuple[int, int],
    rules: Rules,
    names_of: NamesOf,
) -> list[Event]:
    """Return the events of a video, by time.

    times [T]: seconds of the frames that were looked at. frame: width and height in pixels.
    """
    paths = [Path.of(one, times, frame, rules.smoothing) for one in tracks]
    watch = _Watch(tracks, paths, times, rules)
    names = [names_of(one.label) for one in tracks]
    found = [event for rule in rules.events.values() for event in _of_rule(watch, rule, names)]
    return sorted(found, key=lambda one: (one.interval, one.name, one.who, one.what or -1))


def is_of(names: frozenset[str], kind: Kind) -> bool:
    """Whether a thing whose label and categories are `names` is of a kind."""
    return bool(names & kind.labels) != kind.inverted


def fulfilled(values: np.ndarray, condition: Condition) -> np.ndarray:
    """Return where values [T] fulfil a condition, [T] of bool; NaN never does.

    >>> fulfilled(np.array([0.0, 0.6, np.nan]), Condition("speed", True, 0.5))
    array([False,  True, False])
    """
    threshold = condition.threshold
    found: np.ndarray = values > threshold if condition.above else values < threshold
    return found


def runs_of(holds: np.ndarray) -> list[Run]:
    """Return the first and last place of each stretch of truth.

    >>> runs_of(np.array([True, True, False, True]))
    [(0, 1), (3, 3)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], holds, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _of_rule(watch: _Watch, rule: Rule, names: Sequence[frozenset[str]]) -> list[Event]:
    kinds = watch.rules.kinds
    doers = [n for n, one in enumerate(names) if is_of(one, kinds[rule.who])]
    if rule.what is None:
        found = [one for who in doers for one in _happens(watch, rule, who, None)]
        return [event for _, event in found]
    targets = {n for n, one in enumerate(names) if is_of(one, kinds[rule.what])}
    pairs = [(a, b) for a, b in permutations(range(len(names)), 2) if a in doers and b in targets]
    return _chosen([one for pair in pairs for one in _happens(watch, rule, *pair)])


def _happens(
    watch: _Watch, rule: Rule, who: int, what: int | None
) -> Iterator[tuple[float, Event]]:
    """Yield the events of a rule for these two, each with the number by which it is chosen."""
    for run in watch.runs(rule.state, who, what):
        start, end = run
        at = end if rule.moment == "ends" else start
        if rule.moment != "during" and not _is_within(watch, at):
            continue
        if not all(_meets(watch, need, rule, run, who, what) for need in rule.needs):
            continue
        if rule.moves is not None and not _moves(watch, rule.moves, run, who, what):
            continue
        if not _limits(watch, rule, run, who, what):
            continue
        moments = (start, end) if rule.moment == "during" else (at, at)
        interval = Interval(*(round(float(watch.times[place]), 3) for place in moments))
        parties = [watch.tracks[one] for one in (who, what) if one is not None]
        event = Event(rule.name, who, what, interval, min(one.score for one in parties))
        yield _rank(watch, rule, who, what, at, end), event


def _is_within(watch: _Watch, place: int) -> bool:
    first, last = watch.times[0], watch.times[-1]
    return bool(first + START < watch.times[place] < last - START)


def _meets(watch: _Watch, need: Need, rule: Rule, run: Run, who: int, what: int | None) -> bool:
    start, end = (float(watch.times[place]) for place in run)
    moment = end if rule.moment == "ends" or need.side == "after" else start
    if rule.moment == "begins":
        moment = start
    before = need.seconds if need.side in ("before", "within") else 0.0
    after = need.seconds if need.side in ("after", "within") else 0.0
    if need.of == "what":
        assert what is not None
        runs = watch.runs(need.state, what, None)
    else:
        runs = watch.runs(need.state, who, what)
    return any(
        watch.times[first] <= moment + after and watch.times[last] >= moment - before
        for first, last in runs
    )


def _moves(watch: _Watch, moves: Moves, run: Run, who: int, what: int | None) -> bool:
    """Whether something gets so far from where it was, in sizes of who."""
    path = watch.paths[who if moves.of == "who" or what is None else what]
    doer = watch.paths[who]
    start, end = run
    if moves.side == "before":
        end = start
        start = int(np.searchsorted(watch.times, watch.times[end] - JUST_BEFORE))
    start, end = max(start, path.first), min(end, path.last)
    if start > end:
        return False
    way = path.middle[start - path.first : end - path.first + 1]
    size = doer.size[min(max(start, doer.first), doer.last) - doer.first]
    return bool(np.hypot(*(way - way[0]).T).max() >= moves.sizes * size)


def _limits(watch: _Watch, rule: Rule, run: Run, who: int, what: int | None) -> bool:
    """Whether the measures of a rule fall as far, and end as low, as it asks."""
    start, end = run
    fallen = all(
        watch.value(name, who, what, start) - watch.value(name, who, what, end) >= least
        for name, least in rule.falls.items()
    )
    return fallen and all(
        watch.value(name, who, what, end) <= most for name, most in rule.ends_at.items()
    )


def _rank(watch: _Watch, rule: Rule, who: int, what: int | None, at: int, end: int) -> float:
    """Return the number of which the least is chosen."""
    if rule.choose is None:
        return 0.0
    measure, greatest = rule.choose
    value = watch.value(measure, who, what, end if rule.moment == "during" else at)
    return float("inf") if np.isnan(value) else -value if greatest else value


def _chosen(ranked: list[tuple[float, Event]]) -> list[Event]:
    """Return the events, of those that one does at the same moment the first by rank."""
    if all(rank == 0.0 for rank, _ in ranked):
        return [event for _, event in ranked]
    found: list[Event] = []
    for _, event in sorted(ranked, key=lambda one: (one[0], one[1].interval, one[1].what or -1)):
        if not any(_at_once(event, other) for other in found):
            found.append(event)
    return found


def _at_once(one: Event, other: Event) -> bool:
    near = Interval(one.interval.start - AT_ONCE, one.interval.end + AT_ONCE)
    same_time = near.start <= other.interval.end and other.interval.start <= near.end
    return one.who == other.who and same_time
