"""graph_fusion/config_file: YAML becomes the dataclass, or one clear error."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_fusion.training import TrainingConfig, read_config
from kg.errors import SightGraphError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Inner:
    width: int = 8
    rate: float = 0.5


@dataclass(frozen=True)
class Outer:
    name: str = "x"
    sides: tuple[int, ...] = (1, 2)
    pair: tuple[int, str] = (1, "a")
    most: int | None = None
    kind: Literal["cosine", "line"] = "cosine"
    colour: Colour = Colour.RED
    inner: Inner = field(default_factory=Inner)
    maybe: Inner | None = None
    sizes: dict[str, float] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    folder: Path = Path("runs")
    deep: bool = False


@dataclass(frozen=True)
class Needy:
    data: str
    epochs: int = 1


finite = st.floats(allow_nan=False, allow_infinity=False)
integers = st.integers(-(2**62), 2**62)
inners = st.builds(Inner, integers, finite)
outers = st.builds(
    Outer,
    st.text(),
    st.lists(integers).map(tuple),
    st.tuples(integers, st.text()),
    st.none() | integers,
    st.sampled_from(["cosine", "line"]),
    st.sampled_from(Colour),
    inners,
    st.none() | inners,
    st.dictionaries(st.text(), finite),
    st.lists(st.text()),
    st.just(Path("a/b")),
    st.booleans(),
)


def plain(value: Any) -> Any:
    """As YAML would hold it."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, tuple | list):
        return [plain(one) for one in value]
    return (
        value.value if isinstance(value, Enum) else str(value) if isinstance(value, Path) else value
    )


@given(outers)
@settings(max_examples=40)
def test_a_config_written_as_yaml_is_read_as_it_was(outer: Outer) -> None:
    text = yaml.safe_dump(plain(asdict(outer)))
    assert read_config(Outer, yaml.safe_load(text)) == outer


def test_the_defaults_stand_where_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    assert read_config(TrainingConfig) == TrainingConfig()
    assert read_config(TrainingConfig, tmp_path / "empty.yaml") == TrainingConfig()


def test_given_options_win_over_the_file_and_none_is_not_given(tmp_path: Path) -> None:
    file = tmp_path / "train.yaml"
    file.write_text("epochs: 7\nlearning_rate: 1e-3\nclip: null\n")
    found = read_config(TrainingConfig, file, epochs=2, seed=None, devices=2)
    assert found == TrainingConfig(epochs=2, learning_rate=1e-3, clip=None, devices=2)


def test_given_mappings_change_only_their_own_keys() -> None:
    found = read_config(Outer, {"inner": {"width": 3, "rate": 2}}, inner={"width": 4})
    assert found.inner == Inner(4, 2.0)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"sizes": {"a": "wide"}}, "'sizes.a' is 'wide'; expected a finite number"),
        ({"inner": {"widht": 3}}, "unknown key 'inner.widht'. Did you mean 'inner.width'?"),
        ({"inner": {"width": 1.5}}, "'inner.width' is '1.5'; expected a whole number"),
        ({"inner": 3}, "'inner' is '3'; expected 'key: value' lines"),
        ({"maybe": {"width": "x"}}, "'maybe.width' is 'x'; expected a whole number"),
        ({"most": "many"}, "'most' is 'many'; expected a whole number or null"),
        ({"most": True}, "'most' is 'True'; expected a whole number or null"),
        ({"name": None}, "'name' is null; expected text"),
        ({"kind": "cosin"}, "'kind' is 'cosin'; expected 'cosine' or 'line'"),
        ({"colour": "green"}, "'colour' is 'green'; expected 'red' or 'blue'"),
        ({"sides": [1, "b"]}, "'sides[1]' is 'b'; expected a whole number"),
        ({"sides": 3}, "'sides' is '3'; expected a list, each a whole number"),
        ({"pair": [1]}, "'pair' has 1 values; expected a list of a whole number, text"),
        ({"deep": "yes"}, "'deep' is 'yes'; expected true or false"),
        ({"most": 10**400}, "'most' is a whole number of over 63 bits"),
    ],
)
def test_a_wrong_value_names_key_value_and_what_is_expected(
    values: dict[str, Any], said: str
) -> None:
    with pytest.raises(SightGraphError) as caught:
        read_config(Outer, values)
    assert said in str(caught.value)


def test_a_missing_key_without_default_is_named() -> None:
    with pytest.raises(SightGraphError, match="the key 'data' is missing"):
        read_config(Needy, {"epochs": 2})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epochs: 2\n  bad: [\n", "line 2: this is not YAML"),
        ("- epochs\n", "a config is a list of 'key: value' lines"),
        ("epoch: 2\n", "unknown key 'epoch'. Did you mean 'epochs'?"),
        ("epochs: 0\n", "'epochs' is 0; it must be at least 1"),
        ("learning_rate: .inf\n", "'learning_rate' is 'inf'; expected a finite number"),
        ("learning_rate: .nan\n", "'learning_rate' is 'nan'; expected a finite number"),
        ("seed: 1" + "0" * 5000 + "\n", "the config cannot be read"),
        ("seed: 1" + "0" * 400 + "\n", "'seed' is a whole number of over 63 bits"),
        ("log: " + "[" * 1000, "nested too deeply"),
        ("#" * 2_000_000, "larger than"),
        ("warmup: 2.0\n", "'warmup' is 2.0; it must be a share in [0, 1]"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_error(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "train.yaml"
    file.write_text(text)
    with pytest.raises(SightGraphError) as caught:
        read_config(TrainingConfig, file)
    assert said in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SightGraphError, match=r"cannot read the config '.*none.yaml'"):
        read_config(TrainingConfig, tmp_path / "none.yaml")


def test_a_value_that_aliases_repeat_for_ever_is_cut_in_the_message(tmp_path: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]"
        for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ]
    file = tmp_path / "train.yaml"
    file.write_text("\n".join(lines) + "\nlog: *i\n")
    with pytest.raises(SightGraphError, match="unknown key 'a'"):
        read_config(TrainingConfig, file)
    with pytest.raises(SightGraphError, match="'log' is"):
        read_config(TrainingConfig, {"log": yaml.safe_load(file.read_text())["log"]})
