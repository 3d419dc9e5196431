"""What users install: the wheel, the editable checkout, the public names."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import sightgraph
from kg.files import bundled

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def unpacked_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked as pip would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run_in(site: Path, program: str) -> str:
    """Run a Python program that sees `site` before the checkout."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {program}"],
        cwd=site,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_wheel_holds_every_bundled_file_and_module(unpacked_wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "data", "kg", "graph_fusion", "pipelines", "sightgraph.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    ).stdout.split()
    if not tracked:
        pytest.skip("not a git checkout")
    for path in tracked:
        installed = path.replace("data/", "sightgraph_data/", 1) if path[:5] == "data/" else path
        assert (unpacked_wheel / installed).read_bytes() == (ROOT / path).read_bytes()


def test_wheel_without_the_checkout_finds_its_knowledge(unpacked_wheel: Path) -> None:
    found = run_in(unpacked_wheel, "from kg.files import bundled; print(bundled('kg'))")
    assert Path(found) == unpacked_wheel / "sightgraph_data" / "kg"


def test_wheel_without_the_checkout_reads_its_knowledge(unpacked_wheel: Path) -> None:
    program = (
        "import kg.knowledge.memory as memory\n"
        "print(memory.__file__, memory.Knowledge.bundled().statistics()['facts'])"
    )
    module, facts = run_in(unpacked_wheel, program).split()
    assert Path(module).is_relative_to(unpacked_wheel)
    assert int(facts) >= 1500


def test_wheel_installs_the_command(unpacked_wheel: Path) -> None:
    (entry_points,) = unpacked_wheel.glob("*.dist-info/entry_points.txt")
    assert "sightgraph = pipelines.cli:main" in entry_points.read_text()


def test_checkout_finds_its_own_data() -> None:
    assert bundled("kg") == ROOT / "data" / "kg"


def test_every_public_name_is_found_and_unknown_ones_are_not() -> None:
    for name in sightgraph.__all__:
        assert getattr(sightgraph, name).__name__ == name
    assert set(sightgraph.__all__) < set(dir(sightgraph))
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = sightgraph.Nothing


def test_every_dependency_has_a_tested_version_and_a_reason() -> None:
    names = [
        canonicalize_name(Requirement(line).name)
        for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]
    ]
    pinned = {
        canonicalize_name(line.split("==")[0])
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    }
    reasons = (ROOT / "docs" / "dependencies.md").read_text()
    for name in names:
        assert name in pinned
        assert f"| {name} |" in reasons


def test_constraints_allow_what_pyproject_asks_for() -> None:
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line
    )
    for line in PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_entry_point_exists() -> None:
    module, _, name = PROJECT["scripts"]["sightgraph"].partition(":")
    assert callable(getattr(import_module(module), name))
