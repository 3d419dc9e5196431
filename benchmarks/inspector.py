"""Pictures of the inspector on five photographs, before and after a correction.

    python benchmarks/inspector.py docs/inspector
    python benchmarks/inspector.py docs/inspector http://127.0.0.1:8000

With the address of `sightgraph serve --album DIR`, it makes one picture: what a search of the album
found, and below it the graph of the first photograph. Without it, each photograph is asked about; a
person's correction is made in the page with mouse and keys; the saved graph is asked again, as
`sightgraph ask --graph` does, and both answers are printed. It needs Chromium and Playwright.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from kg.formats import export
from pipelines.answering.evidence import Answer
from pipelines.cli.output import picture
from pipelines.corrected import CorrectedGraph
from pipelines.photo import Photo
from pipelines.sightgraph import SightGraph

WIDTH, HEIGHT = 1180, 560
"""Pixels of one page."""
QUALITY = 72
"""Of the JPEG files: less than 200 KB each."""


@dataclass(frozen=True)
class Correction:
    """A photograph, a question, and what a person does in the page."""

    name: str
    question: str
    about: str
    make: Callable[[Page], None]


def rename(number: int, label: str) -> Callable[[Page], None]:
    def make(page: Page) -> None:
        page.locator("#objects .name").nth(number).click()
        page.keyboard.press("n")
        page.keyboard.type(label)
        page.keyboard.press("Enter")

    return make


def reject(number: int) -> Callable[[Page], None]:
    return lambda page: page.locator("#objects .rejected.small").nth(number).click()


def draw(label: str, *box: float) -> Callable[[Page], None]:
    """Draw a box, given in shares of the photograph."""

    def make(page: Page) -> None:
        frame = page.locator("#photo .ground").bounding_box()
        assert frame is not None
        x1, x2 = (frame["x"] + share * frame["width"] for share in box[::2])
        y1, y2 = (frame["y"] + share * frame["height"] for share in box[1::2])
        page.keyboard.press("b")
        page.mouse.move(x1, y1)
        page.mouse.down()
        page.mouse.move(x2, y2, steps=3)
        page.mouse.up()
        page.keyboard.type(label)
        page.keyboard.press("Enter")

    return make


def assert_fact(relation: str, what: str) -> Callable[[Page], None]:
    def make(page: Page) -> None:
        page.locator("#objects .name").first.click()
        page.locator("#fact-relation").fill(relation)
        page.locator("#fact-object").fill(what)
        page.get_by_role("button", name="Add fact").click()

    return make


CORRECTIONS = (
    Correction("astronaut", "How many people are there?", "rename 2 to flag", rename(1, "flag")),
    Correction(
        *("motorcycle", "How many motorcycles are there?", "reject the motorcycle"), reject(0)
    ),
    Correction(
        *("coffee", "How many spoons are there?", "draw the spoon"),
        draw("spoon", 0.53, 0.17, 0.72, 0.83),
    ),
    Correction(
        *("cat", "What is this cat used for?", "add: cat used for pest control"),
        assert_fact("used for", "pest control"),
    ),
    Correction(
        *("rocket", "What is this used for?", "draw the rocket"),
        draw("rocket", 0.44, 0.1, 0.56, 0.8),
    ),
)


def shot(page: Page) -> Image.Image:
    page.wait_for_timeout(300)  # milliseconds: Cytoscape draws in the next frames
    return Image.open(io.BytesIO(page.screenshot())).convert("RGB")


def opened(browser: Browser, answer: Answer, image: Image.Image, folder: Path) -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=True)
    export(answer.graph, [folder / "page.html"], image, picture(answer))
    page.goto((folder / "page.html").as_uri())
    return page


def saved(page: Page) -> Any:
    with page.expect_download() as download:
        page.get_by_label("save").select_option("graph")
    return json.loads(Path(download.value.path()).read_text(encoding="utf-8"))


def show(browser: Browser, sightgraph: SightGraph, one: Correction, target: Path) -> None:
    """Write the page before the correction above that after it, and print both answers."""
    photo = Photo.open(f"example:{one.name}")
    before = sightgraph.ask(photo, one.question)
    with tempfile.TemporaryDirectory() as name:
        page = opened(browser, before, photo.image, Path(name))
        first = shot(page)
        one.make(page)
        corrected = CorrectedGraph.of_document(saved(page))
        after = corrected.in_place_of_eyes(sightgraph).ask(photo, one.question)
        page.close()
        page = opened(browser, after, photo.image, Path(name))
        second = shot(page)
        page.close()
    _save((first, second), target / f"{one.name}.jpg")
    print(f"{one.name}: {one.question} {before.text}; {one.about}: {after.text}")


FOUND = "an animal"


def show_album(browser: Browser, address: str, target: Path) -> None:
    """Write the page of a service with what it found above the first of it, opened."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(address)
    page.get_by_role("button", name="Album").click()
    page.get_by_label("what the photographs show").fill(FOUND)
    page.keyboard.press("Enter")
    page.locator("#album-found button").first.wait_for()
    shown = page.locator("#album-found img[src]")
    shown.nth(page.locator("#album-found button").count() - 1).wait_for(state="attached")
    first = shot(page)
    page.locator("#album-found button").first.click()
    page.locator("#objects li").first.wait_for()
    second = shot(page)
    print(f"album: {FOUND}: {page.locator('#album-count').text_content()}")
    _save((first, second), target / "album.jpg")


def _save(pair: tuple[Image.Image, Image.Image], target: Path) -> None:
    both = Image.new("RGB", (WIDTH, 2 * HEIGHT + 12), "black")
    for place, one in enumerate(pair):
        both.paste(one, (0, place * (HEIGHT + 12)))
    both.save(target, quality=QUALITY, optimize=True)


def main(target: Path, address: str | None = None) -> None:
    target.mkdir(exist_ok=True)
    if address is not None:
        with sync_playwright() as playwright:
            chromium = shutil.which("chromium")
            show_album(
                playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"]),
                *(address, target),
            )
        return
    sightgraph = SightGraph.from_pretrained()
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for one in CORRECTIONS:
            show(browser, sightgraph, one, target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
