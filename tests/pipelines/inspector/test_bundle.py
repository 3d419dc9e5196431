"""data/inspector: the bundle is that of the sources, carries its licences, and stays small."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from kg.files import bundled

ROOT = Path(__file__).resolve().parents[3]
WEB = ROOT / "pipelines" / "inspector" / "web"
REBUILD = "run `npm ci && npm run build` in pipelines/inspector/web"
MOST_BYTES = 800_000
"""Of the script: it is part of every exported page."""


def record() -> dict[str, str]:
    content: dict[str, str] = json.loads(bundled("inspector", "build.json").read_text())
    return content


def test_the_bundle_was_built_from_these_sources() -> None:
    names = [f"src/{path.name}" for path in (WEB / "src").iterdir()]
    digest = hashlib.sha256()
    for name in sorted([*names, "build.js", "package.json", "package-lock.json"]):
        digest.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    assert record()["sources"] == digest.hexdigest(), REBUILD


def test_nobody_edited_the_bundle_itself() -> None:
    for name, digest in record().items():
        if name != "sources":
            found = hashlib.sha256(bundled("inspector", name).read_bytes()).hexdigest()
            assert found == digest, f"{name}: {REBUILD}"


def test_every_bundled_package_has_its_licence_in_the_page() -> None:
    licences = bundled("inspector", "THIRD_PARTY.txt").read_text()
    needed = json.loads((WEB / "package.json").read_text())["dependencies"]
    for name, version in needed.items():
        assert f"{name} {version}, MIT" in licences
    assert licences.count("Permission is hereby granted") >= len(needed)


def test_the_bundle_is_small_and_ends_no_script_element() -> None:
    script = bundled("inspector", "inspector.js").read_text()
    assert len(script) < MOST_BYTES
    assert "</script" not in script
    assert "<!--" not in script


def test_sources_put_no_text_into_html() -> None:
    for path in (WEB / "src").glob("*.js"):
        for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
            assert word not in path.read_text(), f"{path.name}: {word}"
