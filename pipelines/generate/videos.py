"""Short videos of known events, as boxes and as pixels: who moves where, by a random script.

The boxes are those of a noisy detector: they jitter, are missing one by one and in bursts, vanish
behind pillars and other things, and false ones come up. The pixels are patches of photographs that
move over a background, with the noise of a camera.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from kg.errors import SightGraphError
from kg.graph import Box, Interval
from pipelines.datasets.coco import read_coco
from pipelines.detections import Detection
from pipelines.detectors import Detector
from pipelines.photo import Photo

WIDTH, HEIGHT, RATE = 448, 320, 10
"""Pixels of a frame, and frames a second."""
PEOPLE, ANIMALS, SEATS = ("person",), ("dog",), ("chair", "couch")
PORTABLE = ("handbag", "suitcase", "backpack", "teddy bear", "sports ball", "umbrella")
SIZES = {
    "person": (54, 140),
    "dog": (78, 60),
    "chair": (70, 84),
    "couch": (150, 84),
    "handbag": (40, 38),
    "suitcase": (46, 56),
    "backpack": (44, 50),
    "teddy bear": (44, 52),
    "sports ball": (36, 36),
    "umbrella": (52, 44),
}
"""Usual width and height of each thing, in pixels."""
LOOKS_ONLY = {
    "laptop": (50, 42),
    "clock": (40, 40),
    "vase": (30, 50),
    "bottle": (22, 54),
    "bowl": (50, 36),
    "cake": (50, 40),
    "pizza": (52, 44),
    "potted plant": (44, 54),
    "book": (40, 40),
}
"""Portable things, with their sizes, that stand for those of which there is no cut-out."""
SEATED = 0.66
"""Height of somebody who sits, as a share of the usual one."""
LIFTED = 0.45
"""How high a carried thing is held, as a share of its carrier's height."""
LIFTING = 0.5
"""Seconds in which a thing is lifted or put down."""


@dataclass(frozen=True, slots=True)
class KnownEvent:
    """An event of the script; who, what: labels."""

    name: str
    who: str
    what: str | None
    interval: Interval


@dataclass
class Actor:
    """A thing of the script, with its way.

    way: (seconds, x of the middle, y of the foot) in pixels, rising; between them it moves evenly.
    seated: seconds at which it sits down, if it does.
    """

    label: str
    width: float
    height: float
    way: list[tuple[float, float, float]] = field(default_factory=list)
    seated: float | None = None

    def box(self, seconds: float) -> Box:
        """Return where it is, whether in the frame or not."""
        times, xs, ys = zip(*self.way, strict=True)
        x, y = np.interp(seconds, times, xs), np.interp(seconds, times, ys)
        height = self.height
        if self.seated is not None:
            share = np.clip((seconds - self.seated) / LIFTING + 0.5, 0, 1)
            height *= 1 - (1 - SEATED) * share
        return Box(x - self.width / 2, y - height, x + self.width / 2, y)


@dataclass
class Script:
    """A video that is not drawn yet: things, pillars in front of them, and what happens.

    pillars: boxes that hide what is behind them. actors: those behind first.
    """

    name: str
    seconds: float
    actors: list[Actor]
    events: list[KnownEvent]
    pillars: list[Box] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class BoxNoise:
    """What a detector does wrong; shares are per frame and thing.

    jitter: of each side, in sizes. dropped, burst: boxes that are missing, and that begin a gap of
    `burst_seconds`. false: boxes of nothing, per frame. mislabelled: of another label.
    hidden: a thing of which less than this share is visible is not found.
    """

    jitter: float = 0.03
    dropped: float = 0.1
    burst: float = 0.01
    burst_seconds: float = 0.6
    false: float = 0.02
    mislabelled: float = 0.02
    hidden: float = 0.5

    def times(self, factor: float) -> BoxNoise:
        """Return so many times the mistakes; of the boxes, at most half are missing."""
        return BoxNoise(
            self.jitter * factor,
            min(self.dropped * factor, 0.5),
            self.burst * factor,
            self.burst_seconds,
            self.false * factor,
            self.mislabelled * factor,
            self.hidden,
        )


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
    return Script("", end + 1.0, [who], events)


def _stops(draw: Draw) -> Script:
    who = _actor(draw, str(draw.choice([*PEOPLE, *ANIMALS])))
    left, y, pace = bool(draw.integers(2)), _foot(draw), _pace(draw, who)
    start, x = float(draw.uniform(0.8, 1.6)), float(draw.uniform(0.4, 0.6) * WIDTH)
    halt = _walk(who, start, _outside(who, left), x, y, pace)
    again = halt + float(draw.uniform(1.4, 2.4))
    end = _walk(who, again, x, _outside(who, not left), y, pace)
    events = [_enters(who, left, start, pace), _event("stops", who, None, halt)]
    return Script("", end + 1.0, [who], [*events, _leaves(who, end, pace)])


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
        return Script("", end + 1.0, [who, what], events)
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
    return Script("", end + 1.0, [who, what], events)


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
    return Script("", end + 1.0, [who, what], events)


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
    return Script("", last + 1.0, [first, second], events)


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
    return Script("", who.seated + 2.5, [seat, who], events)


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
    return Script("", halt + 2.0, [goal, who], events)


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


def times_of(made: Script, rate: float = RATE) -> np.ndarray:
    """Return the seconds of the frames."""
    return np.arange(int(made.seconds * rate)) / rate


def detections(made: Script, seed: int, noise: BoxNoise | None = None) -> Iterator[list[Detection]]:
    """Yield the boxes of each frame, with a detector's mistakes; the same for the same seed."""
    noise, draw = noise or BoxNoise(), np.random.default_rng([seed, 1])
    missing_until = [0.0] * len(made.actors)
    for seconds in times_of(made):
        found: list[Detection] = []
        for place, (actor, box) in enumerate(visible_boxes(made, float(seconds), noise.hidden)):
            u = draw.random(4)
            shake = draw.normal(0, noise.jitter, 4) * np.sqrt(max(box.area, 1.0))
            if u[0] < noise.burst:
                missing_until[place] = float(seconds) + noise.burst_seconds
            is_hidden = box.width < 6 or seconds < missing_until[place]
            if is_hidden or u[1] < noise.dropped:
                continue
            label = actor.label if u[2] >= noise.mislabelled else str(draw.choice([*SIZES]))
            x1, y1, x2, y2 = (float(side) for side in np.array(box) + shake)
            shaken = Box(max(x1, 0), max(y1, 0), min(x2, WIDTH), min(y2, HEIGHT))
            if shaken.width > 2 and shaken.height > 2:
                found.append(Detection(label, round(0.5 + 0.45 * float(u[3]), 4), "drawn", shaken))
        if draw.random() < noise.false:
            x, y = draw.uniform(0, WIDTH - 60), draw.uniform(0, HEIGHT - 60)
            box = Box(float(x), float(y), float(x) + 50, float(y) + 50)
            found.append(Detection(str(draw.choice([*SIZES])), 0.45, "drawn", box))
        yield found


def visible_boxes(made: Script, seconds: float, hidden: float) -> Iterator[tuple[Actor, Box]]:
    """Yield each thing with the visible part of its box; an empty one where too little is visible.

    hidden: least visible share.
    """
    boxes = [one.box(seconds) for one in made.actors]
    for place, (actor, box) in enumerate(zip(made.actors, boxes, strict=True)):
        inside = Box(max(box.x1, 0), max(box.y1, 0), min(box.x2, WIDTH), min(box.y2, HEIGHT))
        in_front = [*boxes[place + 1 :], *made.pillars]
        covered = max((inside.intersection(one) for one in in_front), default=0.0)
        seen = inside.area - covered
        enough = inside.width > 0 and seen >= hidden * inside.area and inside.area > 0.1 * box.area
        yield actor, inside if enough else Box(0, 0, 0, 0)


Patches = Mapping[str, Sequence[Image.Image]]
"""Cut-outs of photographs by label, RGBA."""


def frames(
    made: Script, patches: Patches, background: Image.Image, seed: int, grain: float = 6.0
) -> Iterator[np.ndarray]:
    """Yield the frames as pixels [H, W, 3]; grain: of the camera, in grey levels."""
    draw = np.random.default_rng([seed, 2])
    looks = [patches[one.label][int(draw.integers(len(patches[one.label])))] for one in made.actors]
    mirrored = [bool(draw.integers(2)) for _ in made.actors]
    looks = [
        look.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else look
        for look, flip in zip(looks, mirrored, strict=True)
    ]
    ground = background.convert("RGB").resize((WIDTH, HEIGHT))
    for seconds in times_of(made):
        picture = ground.copy()
        for actor, look in zip(made.actors, looks, strict=True):
            box = actor.box(float(seconds))
            size = (max(1, round(box.width)), max(1, round(box.height)))
            pasted = look.resize(size)
            picture.paste(pasted, (round(box.x1), round(box.y1)), pasted)
        for pillar in made.pillars:
            x1, y1, x2, y2 = (round(side) for side in pillar)
            picture.paste((86, 82, 78), (x1, y1, x2, y2))
        pixels = np.asarray(picture)
        if grain > 0:
            noise = draw.normal(draw.normal(0, grain / 4), grain, pixels.shape)
            pixels = (pixels + noise).clip(0, 255).astype(np.uint8)
        yield pixels


def write_video(target: Path, pictures: Iterator[np.ndarray], rate: int = RATE) -> None:
    """Write frames [H, W, 3] as a video in the container that the ending names."""
    import av

    with av.open(str(target), "w") as container:
        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        stream: Any = container.add_stream(codec, rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.thread_type = "NONE"
        for pixels in pictures:
            if not stream.codec_context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def soft_edged(patch: Image.Image, softness: float = 0.06) -> Image.Image:
    """Return a rectangle of a photograph as a patch whose edges fade."""
    width, height = patch.size
    mask = Image.new("L", patch.size, 0)
    fade = max(1, round(softness * min(width, height)))
    mask.paste(255, (fade, fade, width - fade, height - fade))
    found = patch.convert("RGBA")
    found.putalpha(mask.filter(ImageFilter.GaussianBlur(fade / 1.5)))
    return found


def with_looks(made: Script, patches: Patches) -> Script:
    """Return a script in which what has no patch is another seat or portable thing that has one."""
    names = {one.label: one.label for one in made.actors}
    for label in names:
        if not patches.get(label):
            alike = SEATS if label in SEATS else (*PORTABLE, *LOOKS_ONLY)
            able = [one for one in alike if patches.get(one)]
            names[label] = next((one for one in able if one not in names.values()), able[0])
    actors = [replace(one, label=names[one.label]) for one in made.actors]
    events = [
        replace(one, who=names[one.who], what=None if one.what is None else names[one.what])
        for one in made.events
    ]
    return replace(made, actors=actors, events=events)


def patches_of(
    folder: Path, detector: Detector, most: int = 6
) -> tuple[dict[str, list[Image.Image]], list[Image.Image]]:
    """Return cut-outs of a folder's train photographs by label, and backgrounds without things.

    Cut-outs are those that the detector finds again on a plain ground, the surest `most` of each
    label; backgrounds are blurred photographs in which it finds nothing.

    Raises:
        SightGraphError: the folder is not like coco_mini, or has too few such photographs.
    """
    labels = (*SIZES, *LOOKS_ONLY)
    found: dict[str, list[tuple[float, Image.Image]]] = {label: [] for label in labels}
    grounds: list[Image.Image] = []
    for one in read_coco(folder):
        wanted = [(label, Box(*box)) for label, _, box in one.boxes if label in found]
        if one.part != "train" or not (wanted or len(grounds) < most):
            continue
        image = Photo.open(folder / one.file_name).image
        if len(grounds) < most:
            ground = image.resize((WIDTH, HEIGHT)).filter(ImageFilter.GaussianBlur(BLUR))
            if not detector(Photo.open(ground)):
                grounds.append(ground)
        for label, box in wanted:
            if min(box.width, box.height) >= LEAST_SIDE and _has_usual_shape(label, box):
                patch = image.crop((round(box.x1), round(box.y1), round(box.x2), round(box.y2)))
                for look in (patch.convert("RGBA"), soft_edged(patch)):
                    found[label].append((_found_again(look, label, detector), look))
    chosen = {
        label: [patch for sure, patch in sorted(some, key=lambda one: -one[0])[:most] if sure > 0]
        for label, some in found.items()
    }
    kinds = (PEOPLE, ANIMALS, SEATS, (*PORTABLE, *LOOKS_ONLY))
    if not grounds or not all(any(chosen[label] for label in kind) for kind in kinds):
        raise SightGraphError(
            f"'{folder}' has too few photographs whose people, dogs, seats and things are found."
        )
    return chosen, grounds


LEAST_SIDE, BLUR, SURE = 36, 9, 0.4
"""Pixels of a cut-out's shorter side; of the blur of a background; the least score and overlap with
which a cut-out must be found again."""


def _has_usual_shape(label: str, box: Box) -> bool:
    """Whether a box is about as narrow as the thing is drawn: no half of a person."""
    width, height = _size(label)
    return 0.5 <= (box.width / box.height) / (width / height) <= 2.0


def _found_again(patch: Image.Image, label: str, detector: Detector) -> float:
    """Return the lower score of a cut-out on a light and a dark ground; 0 if one hides it."""
    width, height = _size(label)
    place = Box(200, HEIGHT - 30 - height, 200 + width, HEIGHT - 30)
    pasted, least = patch.resize((width, height)), 1.0
    for grey in (90, 150):
        ground = Image.new("RGB", (WIDTH, HEIGHT), (grey, grey, grey))
        ground.paste(pasted, (int(place.x1), int(place.y1)), pasted)
        near = [one for one in detector(Photo.open(ground)) if _is_at(one, place)]
        if not near or near[0].label != label or near[0].score < SURE:
            return 0.0
        least = min(least, near[0].score)
    return least


def _is_at(one: Detection, place: Box) -> bool:
    return one.box is not None and one.box.iou(place) >= SURE


def _size(label: str) -> tuple[int, int]:
    return SIZES.get(label) or LOOKS_ONLY[label]
