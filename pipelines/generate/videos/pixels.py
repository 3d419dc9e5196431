"""Scripts as pixels: patches move over a background, with a camera's noise; and video files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from pipelines.generate.videos.actors import HEIGHT, RATE, WIDTH, Script, times_of

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


def write_video(target: Path, pictures: Iterator[np.ndarray]) -> None:
    """Write frames [H, W, 3] as a video in the container that the ending names."""
    import av

    with av.open(str(target), "w") as container:
        codec = "libx264" if "libx264" in av.codecs_available else "mpeg4"
        stream: Any = container.add_stream(codec, rate=RATE)
        stream.pix_fmt = "yuv420p"
        stream.thread_type = "NONE"
        for pixels in pictures:
            if not stream.codec_context.is_open:
                stream.height, stream.width = pixels.shape[:2]
            for packet in stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
