"""The boxes of a script as a noisy detector gives them.

They jitter, are missing one by one and in bursts, vanish behind pillars and other things, and
false ones come up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kg.graph import Box
from pipelines.detections import Detection
from pipelines.generate.videos.actors import HEIGHT, SIZES, WIDTH, Actor, Script, times_of


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
