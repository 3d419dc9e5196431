"""Tests mirror the code: `kg/graph.py` is tested by `tests/kg/test_graph*.py`.

A module without a test of its own stands in `TESTED_BY` with the file that tests it and why.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("kg", "graph_fusion", "pipelines")

TESTED_BY = {
    "kg/knowledge/store_folder.py": (
        "kg/knowledge/test_store_import.py",
        "imports leave a whole store, whatever stops them",
    ),
    "pipelines/scene.py": (
        "pipelines/datasets/test_scene_files.py",
        "what is seen is compared with its files, and other eyes are refused",
    ),
    "pipelines/timer.py": ("pipelines/test_sightgraph.py", "the times of the steps of an answer"),
    "pipelines/answering/prediction.py": (
        "pipelines/answering/test_strategies.py",
        "predictions are what strategies give",
    ),
    "pipelines/dialog/kinds.py": (
        "pipelines/dialog/test_references.py",
        "people and things are told apart by what refers to them",
    ),
    "pipelines/dialog/changes.py": (
        "pipelines/dialog/test_corrections.py",
        "each change is made by saying it",
    ),
    "pipelines/dialog/stated.py": (
        "pipelines/dialog/test_corrections.py",
        "what was stated is what is answered",
    ),
    "pipelines/dialog/eyes.py": (
        "pipelines/dialog/test_session.py",
        "answers are those of the eyes, and of a corrected graph",
    ),
    "pipelines/dialog/focus.py": (
        "pipelines/dialog/test_references.py",
        "what a turn spoke of is seen in what the next one refers to",
    ),
    "kg/formats/dot.py": ("kg/formats/test_formats.py", "one case for every registered format"),
    "kg/formats/gexf.py": ("kg/formats/test_formats.py", "one case for every registered format"),
    "kg/formats/graphml.py": ("kg/formats/test_formats.py", "one case for every registered format"),
    "kg/formats/html.py": ("kg/formats/test_formats.py", "one case for every registered format"),
    "kg/formats/json.py": ("kg/formats/test_formats.py", "one case for every registered format"),
    "kg/index/build.py": ("kg/index/test_open.py", "what is built is checked by opening it"),
    "kg/index/names.py": ("kg/index/test_open.py", "what is built is checked by opening it"),
    "kg/index/kernels.py": ("kg/index/test_walks.py", "the compiled loops of the walks"),
    "kg/knowledge/remote_queries.py": (
        "kg/knowledge/test_remote.py",
        "asked through the knowledge behind it, against a real server",
    ),
    "kg/knowledge/facts.py": (
        "kg/knowledge/test_memory.py",
        "the interface; each implementation has the shared cases",
    ),
    "kg/knowledge/rdf_files.py": (
        "kg/knowledge/test_memory.py",
        "read through the knowledge in memory",
    ),
    "kg/knowledge/rdf_reading.py": (
        "kg/knowledge/test_memory.py",
        "read through the knowledge in memory",
    ),
    "kg/knowledge/stated.py": (
        "kg/knowledge/test_compiled.py",
        "what is compiled; its reading is tested in test_memory.py",
    ),
    "kg/sources/open_english_wordnet.py": (
        "kg/sources/test_wordnet.py",
        "both editions have the same cases",
    ),
    "kg/sources/text_files.py": (
        "kg/sources/test_sources.py",
        "one case for every registered source",
    ),
    "kg/xml_files.py": ("kg/sources/test_graphml.py", "hostile XML through its readers"),
    "graph_fusion/converters/restore.py": (
        "graph_fusion/converters/test_round_trips.py",
        "round trips of random graphs",
    ),
    "graph_fusion/converters/tables.py": (
        "graph_fusion/converters/test_round_trips.py",
        "round trips of random graphs",
    ),
    "graph_fusion/encoders/cnn.py": (
        "graph_fusion/encoders/test_image_encoders.py",
        "one case for every registered image encoder",
    ),
    "graph_fusion/fusion/attention.py": (
        "graph_fusion/fusion/test_formulas.py",
        "formulas, and one case for every registered fusion",
    ),
    "graph_fusion/fusion/concatenation.py": (
        "graph_fusion/fusion/test_formulas.py",
        "formulas, and one case for every registered fusion",
    ),
    "graph_fusion/fusion/graph.py": (
        "graph_fusion/fusion/test_fusions.py",
        "one case for every registered fusion",
    ),
    "graph_fusion/fusion/language.py": (
        "graph_fusion/fusion/test_fusions.py",
        "one case for every registered fusion",
    ),
    "graph_fusion/fusion/layered.py": (
        "graph_fusion/fusion/test_fusions.py",
        "one case for every registered fusion",
    ),
    "graph_fusion/heads/graph.py": (
        "graph_fusion/test_model.py",
        "the answerer's heads are tested in its model",
    ),
    "graph_fusion/layers/kernels.py": (
        "graph_fusion/layers/test_layers.py",
        "against a dense float64 reference",
    ),
    "graph_fusion/training/keeper.py": (
        "graph_fusion/training/test_fit.py",
        "killed and resumed trainings",
    ),
    "graph_fusion/training/learner.py": (
        "graph_fusion/training/test_fit.py",
        "killed and resumed trainings",
    ),
    "graph_fusion/training/objective.py": (
        "graph_fusion/training/test_fit.py",
        "the interface that every training uses",
    ),
    "pipelines/answering/language_models.py": (
        "pipelines/answering/test_reader.py",
        "tiny language models answer through the reader",
    ),
    "pipelines/batch/engines.py": (
        "pipelines/batch/test_ray_engine.py",
        "the interface; the registry is a snapshot there",
    ),
    "pipelines/batch/part_formats.py": (
        "pipelines/batch/test_parts.py",
        "each file of a part is read back",
    ),
    "pipelines/cli/engine.py": ("pipelines/cli/test_batch.py", "the options of both commands"),
    "pipelines/batch/graphs.py": ("pipelines/cli/test_batch.py", "killed and continued there"),
    "pipelines/bench/daquar*.py": (
        "pipelines/datasets/test_daquar.py",
        "the task and its data set in one file",
    ),
    "pipelines/bench/evaluator.py": (
        "pipelines/bench/test_folder_signals.py",
        "figures without each modality, after a tiny training",
    ),
    "pipelines/bench/task_training.py": (
        "pipelines/bench/test_task.py",
        "a task is trained, loaded and measured there",
    ),
    "pipelines/bench/folder_*.py": ("pipelines/bench/test_folder.py", "parts of one task"),
    "pipelines/bench/planetoid.py": (
        "pipelines/datasets/test_planetoid.py",
        "the task and its data set in one file",
    ),
    "pipelines/bench/sort_of_clevr.py": (
        "pipelines/generate/test_sort_of_clevr.py",
        "the task and its pictures in one file",
    ),
    "pipelines/reading/captions.py": (
        "pipelines/reading/test_parser.py",
        "the registry of readers, which the parser resolves",
    ),
    "pipelines/build/context.py": (
        "pipelines/build/test_builder.py",
        "the steps are tested through the builder",
    ),
    "pipelines/build/steps.py": (
        "pipelines/build/test_builder.py",
        "the steps are tested through the builder",
    ),
    "pipelines/datasets/aokvqa.py": (
        "pipelines/datasets/test_okvqa.py",
        "one reader of open questions beside the other",
    ),
    "pipelines/datasets/ewt.py": (
        "pipelines/datasets/test_splits.py",
        "every reader, over the real data and made-up folders",
    ),
    "pipelines/datasets/factual.py": (
        "pipelines/datasets/test_splits.py",
        "every reader, over the real data and made-up folders",
    ),
    "pipelines/datasets/flickr8k.py": (
        "pipelines/datasets/test_splits.py",
        "every reader, over the real data and made-up folders",
    ),
    "pipelines/datasets/fvqa.py": (
        "pipelines/datasets/test_splits.py",
        "every reader, over the real data and made-up folders",
    ),
    "pipelines/datasets/photographs.py": (
        "pipelines/datasets/test_splits.py",
        "every reader, over the real data and made-up folders",
    ),
    "pipelines/datasets/folder.py": (
        "pipelines/bench/test_folder.py",
        "the task and its data set in one file",
    ),
    "pipelines/datasets/relations.py": (
        "pipelines/training/seeing/test_relations.py",
        "captions matched to boxes as training reads them",
    ),
    "pipelines/generate/relation_examples.py": (
        "pipelines/training/seeing/test_relations.py",
        "captions matched to boxes as training reads them",
    ),
    "pipelines/generate/videos/actors.py": (
        "pipelines/generate/videos/test_scripts.py",
        "things and events of every kind of script",
    ),
    "pipelines/detectors/region_features.py": (
        "pipelines/detectors/test_detectors.py",
        "through the detectors that have a map",
    ),
    "pipelines/evaluate/answering/answerer.py": (
        "pipelines/training/answering/test_answerer.py",
        "measured after a tiny training",
    ),
    "pipelines/evaluate/reading/parser.py": (
        "pipelines/training/reading/test_parser.py",
        "measured after a tiny training",
    ),
    "pipelines/evaluate/answering/retrieval.py": (
        "pipelines/training/answering/test_retrieval.py",
        "measured after a tiny training",
    ),
    "pipelines/evaluate/seeing/scenes.py": (
        "pipelines/training/seeing/test_scenes.py",
        "measured after a tiny training",
    ),
    "pipelines/evaluate/seeing/scene_labels.py": (
        "pipelines/training/seeing/test_scenes.py",
        "what is trained and measured has these labels",
    ),
    "pipelines/evaluate/reading/grounding.py": (
        "pipelines/build/test_grounding.py",
        "its figures are what that test asserts",
    ),
    "pipelines/evaluate/of_*.py": (
        "pipelines/cli/test_evaluate.py",
        "the options of every evaluation",
    ),
    "pipelines/evaluate/protocol.py": (
        "pipelines/cli/test_evaluate.py",
        "the protocol of every evaluation",
    ),
    "pipelines/generate/questions.py": (
        "pipelines/generate/test_seen_questions.py",
        "questions of each kind through the writer",
    ),
    "pipelines/namers/looking.py": (
        "pipelines/namers/test_efficientnet.py",
        "what the namer sees is asked through it",
    ),
    "pipelines/service/[emps]*.py": (
        "pipelines/service/test_app.py",
        "errors, metrics, photographs, settings and state are parts of every request",
    ),
    "pipelines/service/kept_dialogs.py": (
        "pipelines/service/test_dialogs.py",
        "they are kept between two requests",
    ),
    "pipelines/training/seeing/namer_data.py": (
        "pipelines/training/seeing/test_namer.py",
        "what the namer's training judges by",
    ),
    "pipelines/reading/clause.py": (
        "pipelines/reading/test_parser.py",
        "300 texts read as they were analysed by hand",
    ),
    "pipelines/reading/entities.py": (
        "pipelines/reading/test_parser.py",
        "300 texts read as they were analysed by hand",
    ),
    "pipelines/reading/lexicon.py": (
        "pipelines/reading/test_parser.py",
        "300 texts read as they were analysed by hand",
    ),
    "pipelines/reading/parse_corrections.py": (
        "pipelines/reading/test_parser.py",
        "300 texts read as they were analysed by hand",
    ),
    "pipelines/reading/phrases.py": (
        "pipelines/reading/test_parser.py",
        "300 texts read as they were analysed by hand",
    ),
    "pipelines/reading/question.py": (
        "pipelines/reading/test_parser.py",
        "300 texts read as they were analysed by hand",
    ),
    "pipelines/reading/sentence.py": (
        "pipelines/reading/test_parser.py",
        "300 texts read as they were analysed by hand",
    ),
    "pipelines/reading/text_graph_reader.py": (
        "pipelines/reading/test_components.py",
        "read through its component",
    ),
}
"""Module or pattern: (the file below tests/ that tests it, why there)."""


OF_NO_MODULE = {
    "graph_fusion/converters/test_docs.py": "the page on converters",
    "graph_fusion/converters/test_round_trips.py": "both converters",
    "graph_fusion/encoders/test_image_encoders.py": "one case for every registered encoder",
    "graph_fusion/encoders/test_token_encoders.py": "one case for every registered encoder",
    "graph_fusion/fusion/test_formulas.py": "the published formulas of the fusions",
    "graph_fusion/fusion/test_fusions.py": "one case for every registered fusion",
    "graph_fusion/heads/test_heads.py": "one case for every registered head",
    "graph_fusion/layers/test_layers.py": "one case for every registered layer",
    "kg/formats/test_formats.py": "one case for every registered format",
    "kg/formats/test_hostile_texts.py": "one case for every format that is read",
    "kg/formats/test_other_tools.py": "the exports as other tools read them",
    "kg/sources/test_sources.py": "one case for every registered source",
    "kg/test_bundled_knowledge.py": "data/kg",
    "kg/test_hash_seed.py": "several processes",
    "pipelines/detectors/test_detectors.py": "one case for every registered detector",
    "pipelines/inspector/test_bundle.py": "data/inspector",
    "pipelines/inspector/test_correct.py": "pipelines/inspector/web, in a browser",
    "pipelines/inspector/test_hostile.py": "pipelines/inspector/web, in a browser",
    "pipelines/inspector/test_live.py": "pipelines/inspector/web, in a browser",
    "pipelines/inspector/test_view.py": "pipelines/inspector/web, in a browser",
    "pipelines/test_museum.py": "examples/museum.ttl",
    "pipelines/training/test_trainings.py": "one case for every registered training",
}
"""Tests that are of no single module, and what they are of."""


def modules() -> list[Path]:
    """Return the modules by their path from the root, without the packages' `__init__`."""
    found = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    return sorted(path.relative_to(ROOT) for path in found if path.name != "__init__.py")


def has_own_test(module: Path) -> bool:
    folder = ROOT / "tests" / module.parent
    own = folder / f"test_{module.stem}.py"
    return own.exists() or any(folder.glob(f"test_{module.stem}_*.py"))


def test_every_module_has_a_test_of_its_own_or_a_reason() -> None:
    without = [module.as_posix() for module in modules() if not has_own_test(module)]
    unexplained = [
        name for name in without if not any(fnmatch(name, pattern) for pattern in TESTED_BY)
    ]
    assert not unexplained


def test_the_table_names_only_what_needs_it_and_tests_that_exist() -> None:
    without = [module.as_posix() for module in modules() if not has_own_test(module)]
    for pattern, (test, reason) in TESTED_BY.items():
        assert any(fnmatch(name, pattern) for name in without), f"'{pattern}' explains nothing"
        assert (ROOT / "tests" / test).exists(), test
        assert reason


def test_every_test_is_of_a_module_or_says_what_it_is_of() -> None:
    of_modules = {f"{module.parent.as_posix()}/test_{module.stem}" for module in modules()}
    tests = [path.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")]
    within = {path.as_posix() for path in tests if len(path.parts) > 1}  # others are of the whole
    mirrored = {
        name
        for name in within
        if any(name == f"{one}.py" or name.startswith(f"{one}_") for one in of_modules)
    }
    assert within - mirrored == set(OF_NO_MODULE)
