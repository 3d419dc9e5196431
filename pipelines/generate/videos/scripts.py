"""Random scripts of known events: one function a kind of script, and the same script for a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from kg.graph import Box, Interval
from pipelines.generate.videos.actors import (
    ANIMALS,
    HEIGHT,
    LIFTING,
    PEOPLE,
    PORTABLE,
    SEATS,
    SIZES,
    WIDTH,
    Actor,
    KnownEvent,
    Script,
)

LIFTED = 0.45
"""How high a carried thing is held, as a share of its carrier's height."""
Draw = np.random.Generator


def script(seed: int) -> Script:
    """Return the script of a seed; scripts of all kinds follow each other."""
    draw = np.random.default_rng(seed)
    name = list(SCRIPTS)[seed % len(SCRIPTS)]
    made = SCRIPTS[name](draw)
    made.name = f"{name}-{seed}"
    _add_distractors(draw, made)
    return made


def _actor(draw: Draw, label: str) -> Actor:
    width, height = SIZES[label]
    scale = draw.uniform(0.85, 1.15)
    return Actor(label, width * scale, height * scale)


def _pace(draw: Draw, actor: Actor) -> float:
    """Return pixels a second: about one size."""
    return float(draw.uniform(0.8, 1.4) * np.sqrt(actor.width * actor.height))


def _foot(draw: Draw) -> float:
    return float(HEIGHT - draw.uniform(14, 40))


def _outside(actor: Actor, left: bool) -> float:
    return -actor.width / 2 - 4 if left else WIDTH + actor.width / 2 + 4


def _walk(actor: Actor, start: float, x1: float, x2: float, y: float, pace: float) -> float:
    """Let an actor walk from x1 to x2 from `start` on; return when it is there."""
    end = start + abs(x2 - x1) / pace
    actor.way += [(start, x1, y), (end, x2, y)]
    return end


def _event(
    name: str, who: Actor, what: Actor | None, start: float, end: float | None = None
) -> KnownEvent:
    interval = Interval(round(start, 2), round(start if end is None else end, 2))
    return KnownEvent(name, who.label, None if what is None else what.label, interval)


def _enters(actor: Actor, left: bool, start: float, pace: float) -> KnownEvent:
    """Return the event of an actor whose nearer side reaches the frame soon after `start`."""
    return _event("enters", actor, None, start + 0.3 * actor.width / pace)


def _leaves(actor: Actor, end: float, pace: float) -> KnownEvent:
    return _event("leaves", actor, None, end - 0.3 * actor.width / pace)


def _crosses(draw: Draw) -> Script:
    who = _actor(draw, str(draw.choice([*PEOPLE, *ANIMALS])))
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, who)
    start = float(draw.uniform(0.8, 1.6))
    end = _walk(who, start, _outside(who, left), _outside(who, not left), y, pace)
    events = [_enters(who, left, start, pace), _leaves(who, end, pace)]
    return Script(end + 1.0, [who], events)


def _stops(draw: Draw) -> Script:
    who = _actor(draw, str(draw.choice([*PEOPLE, *ANIMALS])))
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, who)
    start, x = float(draw.uniform(0.8, 1.6)), float(draw.uniform(0.4, 0.6) * WIDTH)
    halt = _walk(who, start, _outside(who, left), x, y, pace)
    again = halt + float(draw.uniform(1.4, 2.4))
    end = _walk(who, again, x, _outside(who, not left), y, pace)
    events = [_enters(who, left, start, pace), _event("stops", who, None, halt)]
    return Script(end + 1.0, [who], [*events, _leaves(who, end, pace)])


def _at_side(draw: Draw, who: Actor, what: Actor, x: float, left: bool) -> float:
    """Return where somebody stands who touches a thing at x, coming from that side."""
    reach = 0.5 * (who.width + what.width) - draw.uniform(0.25, 0.5) * what.width
    return float(x - reach if left else x + reach)


def _carry(who: Actor, what: Actor, lifted: float, let_go: float | None, end: float) -> None:
    """Let a thing go where its carrier goes, from `lifted` on, and put it down at `let_go`."""
    box, thing = who.box(lifted), what.box(lifted)
    ahead = thing.centre[0] - box.centre[0]
    foot = thing.y2
    what.way.append((lifted, thing.centre[0], foot))
    last = end if let_go is None else let_go - LIFTING
    held = [seconds for seconds, *_ in who.way if lifted + LIFTING < seconds < last]
    for seconds in [lifted + LIFTING, *held, last]:
        x, y = who.box(seconds).centre[0] + ahead, foot - LIFTED * who.height
        what.way.append((seconds, x, y))
    if let_go is not None:
        what.way.append((let_go, what.way[-1][1], foot))


def _picks_up(draw: Draw, puts_down: bool = False) -> Script:
    who, what = _actor(draw, "person"), _actor(draw, str(draw.choice(PORTABLE)))
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, who)
    x = float(draw.uniform(0.4, 0.55) * WIDTH) if left else float(draw.uniform(0.45, 0.6) * WIDTH)
    what.way.append((0.0, x, y - 2))
    start, place = float(draw.uniform(0.8, 1.4)), _at_side(draw, who, what, x, left)
    halt = _walk(who, start, _outside(who, left), place, y, pace)
    lifted = halt + float(draw.uniform(0.6, 1.0))
    away = lifted + LIFTING + float(draw.uniform(0.2, 0.5))
    back = bool(draw.integers(2))
    events = [
        _enters(who, left, start, pace),
        _event("approaches", who, what, start + 0.3, halt),
        _event("stops", who, None, halt),
        _event("picks up", who, what, lifted),
    ]
    if not puts_down:
        out = _outside(who, left == back) + (-1 if left == back else 1) * 2 * what.width
        end = _walk(who, away, place, out, y, pace)
        _carry(who, what, lifted, None, end + 2)
        who.way.append((end + 2, who.way[-1][1], y))
        gone = end - 2 * what.width / pace
        aside = (what.box(away).centre[0] - who.box(away).centre[0]) / pace
        later = gone + (aside if left == back else -aside)
        events += [
            _event("carries", who, what, away, gone),
            _leaves(who, gone, pace),
            _leaves(what, later, pace),
        ]
        return Script(end + 1.0, [who, what], events)
    goal = float(np.clip(place + (1 if left else -1) * draw.uniform(110, 150), 60, WIDTH - 60))
    there = _walk(who, away, place, goal, y, pace)
    let_go = there + float(draw.uniform(0.5, 0.9)) + LIFTING
    _carry(who, what, lifted, let_go, let_go)
    off = let_go + float(draw.uniform(0.6, 1.0))
    end = _walk(who, off, goal, _outside(who, not left if back else left), y, pace)
    events += [
        _event("carries", who, what, away, there),
        _event("stops", who, None, there),
        _event("puts down", who, what, let_go),
        _leaves(who, end, pace),
    ]
    return Script(end + 1.0, [who, what], events)


def _brings(draw: Draw) -> Script:
    """Somebody comes in with a thing, puts it down and goes."""
    who, what = _actor(draw, "person"), _actor(draw, str(draw.choice(PORTABLE)))
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, who)
    start, x = float(draw.uniform(0.8, 1.4)), float(draw.uniform(0.4, 0.6) * WIDTH)
    outside = _outside(who, left)
    outside += (-1 if left else 1) * what.width
    there = _walk(who, start, outside, x, y, pace)
    ahead = (1 if left else -1) * (0.5 * who.width + draw.uniform(-0.1, 0.2) * what.width)
    let_go = there + float(draw.uniform(0.5, 0.9)) + LIFTING
    high = y - LIFTED * who.height
    what.way = [(start, outside + ahead, high), (there, x + ahead, high)]
    what.way += [(let_go - LIFTING, x + ahead, high), (let_go, x + ahead, y - 2)]
    off = let_go + float(draw.uniform(0.6, 1.0))
    end = _walk(who, off, x, _outside(who, left), y, pace)
    shown = start + (what.width * 0.7) / pace
    events = [
        _event("enters", what, None, start + 0.3 * what.width / pace),
        _event("enters", who, None, shown + 0.3 * who.width / pace),
        _event("carries", who, what, shown + 0.5, there),
        _event("stops", who, None, there),
        _event("puts down", who, what, let_go),
        _leaves(who, end, pace),
    ]
    return Script(end + 1.0, [who, what], events)


def _follows(draw: Draw) -> Script:
    pair = ["person", "dog"] if draw.integers(2) else ["dog", "person"]
    first, second = _actor(draw, pair[0]), _actor(draw, pair[1])
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, first)
    start = float(draw.uniform(0.8, 1.4))
    apart = 0.5 * (first.width + second.width) + draw.uniform(25, 60)
    end = _walk(first, start, _outside(first, left), _outside(first, not left), y, pace)
    late = start + float(apart) / pace
    last = _walk(second, late, _outside(second, left), _outside(second, not left), y, pace)
    events = [
        _enters(first, left, start, pace),
        _enters(second, left, late, pace),
        _event("follows", second, first, late + 0.6, end - 0.6),
        _leaves(first, end, pace),
        _leaves(second, last, pace),
    ]
    return Script(last + 1.0, [first, second], events)


def _sits(draw: Draw) -> Script:
    who, seat = _actor(draw, "person"), _actor(draw, str(draw.choice(SEATS)))
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, who)
    x = float(draw.uniform(0.4, 0.6) * WIDTH)
    seat.way.append((0.0, x, y - 4))
    start = float(draw.uniform(0.8, 1.4))
    halt = _walk(who, start, _outside(who, left), x + draw.uniform(-8, 8), y, pace)
    who.seated = halt + float(draw.uniform(0.5, 0.9))
    events = [
        _enters(who, left, start, pace),
        _event("approaches", who, seat, start + 0.3, halt),
        _event("stops", who, None, halt),
        _event("sits", who, seat, who.seated),
    ]
    return Script(who.seated + 2.5, [seat, who], events)


def _approaches(draw: Draw) -> Script:
    who, goal = _actor(draw, "dog"), _actor(draw, str(draw.choice([*PEOPLE, "chair"])))
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, who)
    x = float(draw.uniform(0.6, 0.75) * WIDTH) if left else float(draw.uniform(0.25, 0.4) * WIDTH)
    goal.way.append((0.0, x, y))
    start, gap = float(draw.uniform(0.8, 1.4)), draw.uniform(0, 14)
    place = x - (1 if left else -1) * (0.5 * (who.width + goal.width) + float(gap))
    halt = _walk(who, start, _outside(who, left), place, y, pace)
    events = [
        _enters(who, left, start, pace),
        _event("approaches", who, goal, start + 0.3, halt),
        _event("stops", who, None, halt),
    ]
    return Script(halt + 2.0, [goal, who], events)


def _picks_up_and_puts_down(draw: Draw) -> Script:
    return _picks_up(draw, puts_down=True)


SCRIPTS: Mapping[str, Callable[[Draw], Script]] = {
    "crosses": _crosses,
    "stops": _stops,
    "picks up": _picks_up,
    "puts down": _picks_up_and_puts_down,
    "brings": _brings,
    "follows": _follows,
    "sits": _sits,
    "approaches": _approaches,
}


def _add_distractors(draw: Draw, made: Script) -> None:
    """Add a thing that stands aside, and a pillar in front, to some videos."""
    used = {one.label for one in made.actors}
    if draw.random() < 0.5:
        label = str(draw.choice([one for one in ("couch", *PORTABLE) if one not in used]))
        thing = _actor(draw, label)
        side = draw.choice([0.12, 0.88])
        thing.way.append((0.0, float(side * WIDTH), float(HEIGHT * 0.28)))
        made.actors.insert(0, thing)
    if draw.random() < 0.5:
        x = float(draw.choice([0.22, 0.78]) * WIDTH + draw.uniform(-12, 12))
        made.pillars.append(Box(x - 9, 0, x + 9, HEIGHT))
