"""An own data set: every component is reached from a config, and trains on the example."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml  # type: ignore[import-untyped]
from transformers import BertConfig, BertModel, BertTokenizerFast

from graph_fusion.encoders import IMAGE_ENCODERS, TOKEN_ENCODERS
from graph_fusion.fusion import FUSIONS, FusionConfig
from graph_fusion.heads import HEADS
from graph_fusion.layers import LAYERS
from kg.errors import SightGraphError
from pipelines.bench.evaluator import TaskEvaluator
from pipelines.bench.folder import FolderTask
from pipelines.bench.folder_heads import USES
from pipelines.bench.folder_model import FolderModel, FolderObjective
from pipelines.bench.run import BenchConfig, bench
from pipelines.bench.task import ModelChoice, same_draws
from pipelines.bench.task_training import evaluate_task, read_training, train_task
from pipelines.datasets.folder import read_folder

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "own_dataset"
SIZES = {"hidden": 16, "layers": 1, "heads": 2}
LARGE = {
    *("mobilenet_v3_large", "resnet101", "resnet152", "resnet34", "resnet50"),
    *("shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0"),
    *(name for name in IMAGE_ENCODERS if name.startswith("vgg")),
    *("vit_b_16", "vit_h_14", "vit_l_16", "vit_l_32"),
}
"""As others of their family, which are trained here or in tests/test_recipes.py (VGG);
tests/graph_fusion/encoders builds them."""


@pytest.fixture(scope="module")
def language_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random language model of one layer and 16 features."""
    folder = tmp_path_factory.mktemp("language-model")
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "ball", "next", "to"]
    (folder / "vocab.txt").write_text("\n".join(pieces))
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    BertModel(BertConfig(vocab_size=9, intermediate_size=16, **sizes)).save_pretrained(folder)
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Word vectors of a few of the example's words."""
    file = tmp_path_factory.mktemp("vectors") / "vectors.txt"
    file.write_text("red 0.1 0.2\nball 0.3 0.1\nnext 0.2 0.2\n")
    return file


CHOICES = [
    *({"image_encoder": name} for name in IMAGE_ENCODERS if name != "torchvision"),
    {"image_encoder": {"name": "torchvision", "model": "resnet18", "last": "layer2"}},
    {"image_encoder": {"name": "small_cnn", "features": "region"}},
    {"image_encoder": "none"},
    *({"text_encoder": name} for name in TOKEN_ENCODERS),
    *({"fusion": name} for name in FUSIONS),
    *({"layer": name} for name in LAYERS if name not in ("rgcn", "pyg")),
    {"layer": {"name": "pyg", "conv": "SAGEConv"}},
    {"fusion": "rgcn", "missing": 0.3},
    *({"head": name} for name in HEADS if name != "graph"),
    *({"training": {"optimiser": name}} for name in ("adamw", "adam", "sgd")),
    *({"training": {"schedule": name}} for name in ("cosine", "linear", "constant")),
]


def said(choice: dict[str, Any]) -> str:
    return " ".join(f"{key}:{value}" for key, value in choice.items())


@pytest.mark.parametrize("choice", CHOICES, ids=said)
def test_every_component_is_reached_from_a_config_and_trains_two_steps(
    choice: dict[str, Any], tmp_path: Path, language_model: Path, vectors: Path
) -> None:
    if str(choice.get("image_encoder")) in LARGE:
        pytest.skip("a larger network of a family that is trained here")
    options = {
        "huggingface": {"model": str(language_model)},
        "minilm": {"model": str(language_model)},
        "word_vectors": {"file": str(vectors)},
        "vit_b_32": {"resize": 64, "image_size": 64},
    }
    given = dict(choice)
    for key in ("image_encoder", "text_encoder"):
        if str(given.get(key)) in options:
            given[key] = {"name": given[key], **options[given[key]]}
    file = tmp_path / "config.yaml"
    sizes = {"sizes": {**SIZES, "language_model": str(language_model)}}
    file.write_text(yaml.safe_dump(sizes | given))
    task = FolderTask()
    training = read_training(task, file)
    prepared = task.prepare(EXAMPLE, tmp_path, training.choice())
    torch.manual_seed(0)
    model = task.model(training.choice(), prepared).train()
    trained = [one for one in model.parameters() if one.requires_grad]
    optimiser = torch.optim.Adam(trained, 1e-3)
    for _ in range(2):
        batch = prepared.objective.collate(prepared.train[:6])
        found = prepared.objective.loss(model, batch)
        loss = found[0] if isinstance(found, tuple) else found
        assert loss.isfinite()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert 0 <= prepared.test_figures(model)["accuracy"] <= 1


READ: dict[str, Callable[[Any], torch.Tensor]] = {
    "count": lambda output: output.numbers.exp(),
    "vqa": lambda output: torch.cat([output.closed, output.open, output.gate], dim=1),
    "yes_no": lambda output: output.log_probabilities,
}
"""What a head predicts, where it returns more than log-probabilities."""


@pytest.mark.parametrize("way", ["control", "without"])
@pytest.mark.parametrize("head", ["closed", "count", "decoder", "pointer", "vqa", "yes_no"])
def test_without_the_image_no_head_tells_images_apart(head: str, way: str, tmp_path: Path) -> None:
    """Only a pointer knows how many candidates there are, and nothing about them."""
    task = FolderTask()
    control = "question_only" if way == "control" else None
    sizes = FusionConfig(**SIZES)
    choice = ModelChoice("graph_attention", sizes, control, image_encoder="none", head=head)
    prepared = task.prepare(EXAMPLE, tmp_path, choice)
    torch.manual_seed(0)
    model = task.model(choice, prepared)
    assert isinstance(model, FolderModel)
    assert isinstance(prepared.objective, FolderObjective)
    model.without = ("image",) if way == "without" else ()
    found: dict[int, list[torch.Tensor]] = {}
    for number, image in enumerate(prepared.objective.images[:8]):
        batch = prepared.objective.collate([replace(prepared.test[0], image=number)])
        with same_draws(model):
            output = model(batch).output
        seen = READ.get(head, lambda output: output)(output)
        found.setdefault(len(image.labels) if head == "pointer" else 0, []).append(seen)
    for outputs in found.values():
        assert len(outputs) > 1
        for one in outputs[1:]:
            torch.testing.assert_close(one, outputs[0])


def test_other_data_in_the_same_folder_are_refused_and_a_restart_determines_the_answers_anew(
    tmp_path: Path,
) -> None:
    data, out = shutil.copytree(EXAMPLE, tmp_path / "data"), tmp_path / "out"
    out.mkdir()
    given = {"image_encoder": "none", "fusion": "early", "sizes": SIZES}
    task, training = FolderTask(), {"epochs": 1, "log": "none"}
    train_task(task, data, read_training(task, None, training=training, **given), out, log=str)
    known = json.loads((out / "folder.json").read_text())
    records = json.loads((data / "questions.json").read_text())
    for one in records:
        if "answer" in one and "options" not in one:
            one["answer"] += " indeed"
    (data / "questions.json").write_text(json.dumps(records))
    with pytest.raises(SightGraphError, match=r"began with about.data = .*\(--restart\)"):
        train_task(task, data, read_training(task, None, training=training, **given), out, log=str)
    assert json.loads((out / "folder.json").read_text()) == known
    again = read_training(task, None, training=training | {"restart": True}, **given)
    train_task(task, data, again, out, log=str)
    anew = json.loads((out / "folder.json").read_text())
    assert any(answer.endswith(" indeed") for answer in anew["answers"])
    evaluate_task(task, EXAMPLE, out)  # with the answers of training, whatever the data hold
    assert json.loads((out / "folder.json").read_text()) == anew


@pytest.mark.parametrize("answer", ["²", "9" * 20, "007"])
def test_numbers_are_those_that_can_be_computed_with_and_compared_as_numbers(
    answer: str, tmp_path: Path
) -> None:
    data = shutil.copytree(EXAMPLE, tmp_path / "data")
    records = json.loads((data / "questions.json").read_text())
    counted = next(one for one in records if one["answer"] == "1" and one["split"] == "train")
    counted["answer"] = answer
    (data / "questions.json").write_text(json.dumps(records))
    task = FolderTask()
    choice = ModelChoice("early", FusionConfig(**SIZES), image_encoder="none", head="count")
    prepared = task.prepare(data, tmp_path, choice)
    taken = [one for one in prepared.train if one.answers == (answer,)]
    assert len(taken) == (answer == "007")
    model = task.model(choice, prepared)
    assert prepared.objective.loss(model, prepared.objective.collate(prepared.train))[0].isfinite()
    for one in taken:
        right = USES["count"].right
        assert (right("7", one), right("8", one), right(None, one)) == (True, False, False)


OBJECT = {"label": "a", "box": [0, 0, 1, 1]}


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        ({"objects": [OBJECT | {"box": ["x", 0, 1, 1]}]}, "a box is"),
        ({"objects": [OBJECT | {"box": [0, 0, 1, float("nan")]}]}, "a box is"),
        ({"objects": [OBJECT | {"box": [0, 0, 1, 10**400]}]}, "a box is"),
        ({"objects": [OBJECT | {"score": "high"}]}, "a score is a number from 0 to 1, not 'high'"),
        ({"objects": [OBJECT | {"score": None}]}, "a score is"),
        ({"objects": 5}, "the key 'objects' must hold a list"),
        ({"objects": [5]}, "expected an object with the keys label"),
        ({"relations": 5}, "the key 'relations' must hold a list"),
        ({"objects": [OBJECT], "relations": [[0, "x", [1]]]}, "names an object that is not there"),
        (5, "expected an object with the keys objects"),
    ],
)
def test_a_graph_that_is_not_as_the_format_says_is_refused_with_file_and_image(
    graph: Any, message: str, tmp_path: Path
) -> None:
    data = shutil.copytree(EXAMPLE, tmp_path / "data")
    name = json.loads((data / "questions.json").read_text())[0]["image"]
    (data / "graph.json").write_text(json.dumps({name: graph}))
    with pytest.raises(SightGraphError, match=re.escape(f"graph.json, {name}: ") + f".*{message}"):
        read_folder(data)


def test_a_head_of_two_towers_has_figures_and_no_rows(tmp_path: Path) -> None:
    task = FolderTask()
    given = {"image_encoder": "none", "fusion": "early", "head": "matching", "sizes": SIZES}
    options = read_training(task, None, training={"epochs": 1, "log": "none"}, **given)
    figures = train_task(task, EXAMPLE, options, tmp_path, log=str)
    report = TaskEvaluator(task)(tmp_path, EXAMPLE)
    assert report.figures == figures
    assert report.rows == []


def test_every_head_over_tokens_answers_the_questions_of_a_folder() -> None:
    assert set(HEADS) - {"graph"} == set(USES)


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_a_trained_model_is_evaluated_with_the_same_figures(optimiser: str, tmp_path: Path) -> None:
    training = {"epochs": 2, "optimiser": optimiser, "log": "none"}
    options = read_training(FolderTask(), None, sizes=SIZES, training=training, head="vqa")
    figures = train_task(FolderTask(), EXAMPLE, options, tmp_path, log=str)
    assert evaluate_task(FolderTask(), EXAMPLE, tmp_path) == figures


def test_the_bench_compares_fusions_with_every_control(tmp_path: Path) -> None:
    task = FolderTask()
    config = BenchConfig(
        fusions=("early", "gcn"),
        seeds=1,
        image_encoder="none",
        sizes=read_training(task, None, sizes=SIZES).sizes,
        training=read_training(task, None, training={"epochs": 1}).training,
    )
    found = bench(task, EXAMPLE, config, tmp_path, log=str)
    assert [one.run.control for one in found if one.run.fusion == "early"] == [
        None,
        "question_only",
    ]
    assert len(found) == 2 + 1 + 5
    assert json.loads((tmp_path / "bench.json").read_text())["image_encoder"] == "none"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"image_encoder": "smal_cnn"}, "Did you mean 'small_cnn'"),
        ({"text_encoder": "bag_of_word"}, "Did you mean 'bag_of_words'"),
        ({"head": "closd"}, "Did you mean 'closed'"),
        ({"head": "graph"}, "answers no questions of a folder"),
        ({"layer": "gnc"}, "Did you mean 'gcn'"),
        ({"fusion": "erly"}, "Did you mean 'early'"),
        ({"training": {"optimiser": "adamm"}}, "Did you mean 'adam"),
        ({"training": {"schedule": "cosin"}}, "Did you mean 'cosine'"),
        ({"image_encoder": {"name": "hog", "cel": 4}}, "Did you mean 'cell'"),
        ({"image_encoder": {"cell": 4}}, "has no name"),
        ({"text_encoder": {"name": "lstm", "dimm": 4}}, "Did you mean 'dim'"),
        ({"heads": "closed"}, "Did you mean 'head'"),
    ],
)
def test_a_wrong_name_is_an_error_with_the_nearest_known_one(
    config: dict[str, Any], message: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    with pytest.raises(SightGraphError, match=message):
        train_task(FolderTask(), EXAMPLE, read_training(FolderTask(), file), tmp_path, log=str)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda q, g: q[0].pop("split"), "the key 'split' is missing"),
        (lambda q, g: q[0].update(split="tset"), "Did you mean 'test'"),
        (lambda q, g: q[0].update(anwser="x"), "Did you mean 'answer'"),
        (lambda q, g: q[0].pop("answer"), "needs an answer"),
        (lambda q, g: q[0].update(image="99.png"), "there is no image"),
        (lambda q, g: q[0].update(split="test"), "is in test and in train"),
        (lambda q, g: q[4].update(options=["pink"]), "an answer is one of them"),
        (lambda q, g: g["00.png"].update(relations=[[0, "on", 9]]), "is not there"),
        (lambda q, g: g["00.png"]["objects"][0].update(box=[5, 5, 1, 9]), "a box is"),
        (lambda q, g: g.update({"0.png": {}}), "unknown image '0.png'. Did you mean"),
    ],
)
def test_a_folder_that_is_not_as_described_is_refused(
    change: Any, message: str, tmp_path: Path
) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "data")
    questions, graph = (
        json.loads((folder / name).read_text()) for name in ("questions.json", "graph.json")
    )
    change(questions, graph)
    (folder / "questions.json").write_text(json.dumps(questions))
    (folder / "graph.json").write_text(json.dumps(graph))
    with pytest.raises(SightGraphError, match=message):
        FolderTask().prepare(folder, tmp_path)


def test_the_example_is_what_its_script_draws(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE / "make.py", tmp_path)
    subprocess.run([sys.executable, "make.py"], cwd=tmp_path, check=True)
    for name in ("questions.json", "graph.json", "word_vectors.txt"):
        assert (tmp_path / name).read_text() == (EXAMPLE / name).read_text()
