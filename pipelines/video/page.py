"""A page with the time line of a video, in one file that loads nothing from elsewhere.

Its frame, style and script are data/video/page.*; what labels say goes in as JSON and as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from kg.files import bundled, write_text
from kg.formats.html import script_safe
from pipelines.video.answers import VideoAnswer
from pipelines.video.frames import Frame
from pipelines.video.watch import WatchedVideo

MAX_FRAMES = 40
"""Frames that a page shows: those of the events first, then evenly spread ones."""
SIDE, QUALITY = 480, 72
"""Longer side of a frame in pixels, and the quality of its JPEG."""
_MARK = re.compile(r"%([A-Z]+)%")


def write_page(watched: WatchedVideo, target: Path, answers: Iterable[VideoAnswer] = ()) -> None:
    """Write the page, whole or not at all."""
    write_text(target, page(watched, answers))


def page(watched: WatchedVideo, answers: Iterable[VideoAnswer] = ()) -> str:
    """Return the page as HTML."""
    asked = list(answers)
    wanted = [one.frame for one in asked if one.frame is not None]
    times = frame_times(watched, wanted)
    shown = [_shown(frame, watched) for frame in watched.video.frames_at(times)]
    content = {
        "duration": watched.duration,
        "tracks": [
            {"label": label, "score": track.score, "intervals": [[*one] for one in track.intervals]}
            for label, track in zip(watched.labels, watched.tracks, strict=True)
        ],
        "events": [
            {
                "name": one.name,
                "who": one.who,
                "what": one.what,
                "start": one.interval.start,
                "end": one.interval.end,
                "frame": _nearest(shown, _moment(one.interval)),
            }
            for one in watched.events
        ],
        "frames": shown,
        "answers": [_answer(one) for one in asked],
    }
    script = _part("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {
        "POLICY": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'",
        "TITLE": html.escape(watched.video.source),
        "STYLE": _part("page.css"),
        "CONTENT": script_safe(content),
        "SCRIPT": script,
    }
    return _MARK.sub(lambda mark: values[mark[1]], _part("page.html"))


def frame_times(watched: WatchedVideo, wanted: Sequence[float] = ()) -> list[float]:
    """Return the seconds of the frames that are shown, rising, at most `MAX_FRAMES`."""
    if not len(watched.times):
        return []
    moments = [*wanted, *(_moment(one.interval) for one in watched.events)]
    found = list(dict.fromkeys(moments))[:MAX_FRAMES]
    spread = [float(watched.times[0]), float(watched.times[-1])]
    step = max(1, len(watched.times) // max(MAX_FRAMES - len(found), 1))
    spread += [float(one) for one in watched.times[::step]]
    for one in spread:
        if len(found) < MAX_FRAMES and all(abs(one - other) > 0.25 for other in found):
            found.append(one)
    return sorted(found)


def _moment(interval: Any) -> float:
    """Return the middle of an event."""
    return float(interval.start + interval.end) / 2


def _shown(frame: Frame, watched: WatchedVideo) -> dict[str, Any]:
    image = frame.photo.image.copy()
    image.thumbnail((SIDE, SIDE), Image.Resampling.BILINEAR)
    scale = image.width / frame.photo.width
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    boxes = ((place, one.box_at(frame.seconds)) for place, one in enumerate(watched.tracks))
    return {
        "seconds": round(frame.seconds, 3),
        "width": image.width,
        "height": image.height,
        "url": "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii"),
        "boxes": [
            [place, *(round(side * scale, 1) for side in box)]
            for place, box in boxes
            if box is not None
        ],
    }


def _nearest(shown: Sequence[dict[str, Any]], seconds: float) -> int:
    return min(range(len(shown)), key=lambda one: abs(shown[one]["seconds"] - seconds), default=0)


def _answer(one: VideoAnswer) -> dict[str, Any]:
    cited = [int(name.removeprefix("event:")) for name in one.events]
    text = f"{one.text} ({one.reason})" if one.reason else one.text
    return {"question": one.question, "answer": text, "events": cited, "frame": one.frame}


def _part(name: str) -> str:
    return bundled("video", name).read_text(encoding="utf-8")
