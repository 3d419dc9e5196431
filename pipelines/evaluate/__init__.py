"""Evaluations by name: each measures a system on a data set, and returns a `Report`."""

from __future__ import annotations

from pathlib import Path

from kg.registry import Registry
from pipelines.evaluate.protocol import Evaluator, Option, Options, Report, Source

EVALUATORS: Registry[Evaluator] = Registry("evaluation")
"""Evaluators by name; `resolve` also takes "module:Class". Listing them imports nothing."""
OPTIONS: dict[str, Options] = {}
"""The command line's options of each evaluator."""


def _add(name: str, target: str, about: str, options: Options) -> None:
    EVALUATORS.add(name, f"pipelines.{target}", about)
    OPTIONS[name] = options


_ANSWERER = "model of an answerer, instead of the bundled one"
_QUESTIONS = "file as in data/questions"
_IMAGES = "where the photographs are"
_PART = "only the questions of this part"
_WITHOUT_RULE = Option(
    "without_rule", "switch off this rule of answering, to see what it gives", metavar="NAME"
)

_add(
    "detection",
    "evaluate.seeing.detection:DetectionEvaluator",
    "Measure the detector: AP in colour and grey, doubled boxes, and calibration.",
    Options(
        data="folder like coco_mini, or its annotations.json",
        split="part to measure; val2017 by default, and all of a data set that has no val2017",
        images="where the photographs are, if they are not beside the annotations",
        model="model of a detector, instead of the bundled one",
        example="--data DATASETS/coco_mini --split val2017",
    ),
)
_add(
    "naming",
    "evaluate.seeing.naming:NamingEvaluator",
    "Measure whether the main object of a photograph is named rightly.",
    Options(
        data="folder like caltech101",
        model="",
        more=(Option("namer", "how it is named", default="efficientnet_lite2", metavar="NAME"),),
        example="--data DATASETS/caltech101",
    ),
)
_add(
    "relations",
    "evaluate.seeing.relations:RelationsEvaluator",
    "Measure predicates between objects whose boxes and labels are given: R@50 and R@100.",
    Options(
        data="file of objects and relations",
        split="only the photographs of this part, if the file names parts",
        model="model of the relations, instead of the bundled one",
        more=(Option("baselines", "also measure words alone, places alone, and chance", bool),),
        example="--data FILE.json",
    ),
)
_add(
    "text-graph",
    "evaluate.reading.text_graph:TextGraphEvaluator",
    "Measure captions to scene graphs: FACTUAL's Set Match and SPICE.",
    Options(
        data="file like factual/dev.csv, or its folder together with --split",
        split="name of a file of the folder, such as dev",
        model="model of the trained caption reader, instead of the bundled one",
        more=(
            Option("caption_reader", "rules or trained", default="trained", metavar="NAME"),
            Option("wordnet", "WordNet's database files, for synonyms", Path, "DIR"),
        ),
        example="--data DATASETS/factual/dev.csv",
    ),
)
_add(
    "captions",
    "evaluate.captioning.captions:CaptionsEvaluator",
    "Measure captions: BLEU, CIDEr, SPICE, and the share of objects that are not there.",
    Options(
        data="folder like flickr8k, or the folder of data sets that holds flickr8k and flickr8k_1k",
        split="official list to measure: train, val or test; all by default",
        model="model that `train captions` wrote, instead of the bundled one",
        more=(
            Option("beams", "sentences that are kept while writing", int, default=5),
            Option("seen", "keep what was seen there, as `train captions --seen`", Path, "DIR"),
        ),
        example="--data DATASETS --split val",
    ),
)
_add(
    "search",
    "evaluate.search.search:SearchEvaluator",
    "Measure search both ways: recall at 1, 5 and 10, with and without the graphs' agreement.",
    Options(
        data="folder like flickr8k, or the folder of data sets that holds flickr8k and flickr8k_1k",
        split="official list to measure: train, val or test; all by default",
        model="model that `train search` wrote, instead of the bundled one",
        more=(Option("seen", "keep what was seen there, as `train search --seen`", Path, "DIR"),),
        example="--data DATASETS --split val",
    ),
)
_add(
    "layouts",
    "evaluate.drawing.layouts:LayoutsEvaluator",
    "Measure pictures from text: relations said that hold, and boxes against real ones.",
    Options(
        data="folder of all data sets, or a file like data/drawing/sentences.json",
        split="part: of photographs with boxes, held-out by default; of a file's sentences, all",
        model="model that `train layout` wrote, instead of the bundled one",
        more=(
            Option("limit", "only so many captions", int),
            Option("seed", "same seed, same layouts", int, default=0),
            Option("caption_reader", "rules or trained", default="rules", metavar="NAME"),
            Option(
                "patches",
                "cut things from photographs of train2017 in this folder, and detect them again",
                Path,
                "DIR",
            ),
        ),
        example="--data DATASETS",
    ),
)
_add(
    "video",
    "evaluate.video:VideoEvaluator",
    "Measure events on rendered videos: precision and recall, and seconds per second of video.",
    Options(
        data="folder like coco_mini, of whose train photographs the things are cut out",
        model="model of a detector, instead of the bundled one",
        more=(
            Option("boxes", "take noisy known boxes, instead of drawing and detecting", bool),
            Option("noise", "of these boxes, in multiples of the usual one", float, default=1.0),
            Option("videos", "how many", int, default=60),
            Option("seed", "of the first video; the next ones follow", int, default=0),
            Option("without", "take a part away, to see what it gives", choices=("tracking",)),
        ),
        example="--data DATASETS/coco_mini",
    ),
)
_add(
    "okvqa",
    "evaluate.answering.okvqa:OKVQAEvaluator",
    "Measure answers to OK-VQA's questions by the official soft scores.",
    Options(
        data="file in the format of okvqa/train.json",
        split="of train.json: train, or validation, which training holds out; all by default",
        images="look at these photographs, instead of using the listed labels; questions about "
        "others are left out and counted",
        model="model that `train okvqa` wrote, instead of the bundled one; several are averaged",
        several=True,
        more=(Option("control", "take away what this control of the bench does", metavar="NAME"),),
        example="--data DATASETS/okvqa/train.json --split validation",
    ),
)
_add(
    "daquar",
    "bench.daquar_evaluator:DAQUAREvaluator",
    "Measure answers about rooms from pixels, on photographs that the model was not trained on. "
    "Accuracy counts whole answers; WUPS is the official one, at 0.9 and 0.0.",
    Options(
        data="folder of images.json and questions.json",
        split="validation, which training holds out of its folder, or test, photographs that were "
        "not there; both by default",
        model="model that `train daquar` wrote, instead of the bundled one",
        more=(
            Option("wordnet", "WordNet, for WUPS: a folder or tar", Path, "PATH"),
            Option("control", "take away what this control of the bench does", metavar="NAME"),
        ),
        example="--data DATASETS/daquar --wordnet DATASETS/oewn/yaml.tar.gz",
    ),
)
_add(
    "questions",
    "evaluate.answering.questions:QuestionsEvaluator",
    "Ask the questions of a file about their photographs; right is what the file accepts.",
    Options(
        data=_QUESTIONS,
        split=_PART,
        images=_IMAGES,
        model=_ANSWERER,
        required=("images",),
        more=(
            Option(
                "reader",
                "let a Hugging Face language model (id or folder) give the answer",
                metavar="MODEL",
            ),
            Option(
                "without",
                "take away one source of the answers, to see what it gives",
                choices=("photograph", "facts", "vocabulary"),
            ),
            _WITHOUT_RULE,
            Option(
                "each_rule",
                "also ask without each rule, and count the right answers that are lost",
                bool,
            ),
            Option(
                "grey",
                "also ask about a plain grey picture, and count the answers that stay the same",
                bool,
            ),
            Option("plot", "draw the risk-coverage curve there", Path, "FILE.png", writes=".png"),
        ),
        example="--data data/questions/knowledge.json --images DATASETS/coco_mini",
    ),
)
_add(
    "dialogs",
    "evaluate.answering.dialogs:DialogsEvaluator",
    "Hold the dialogs of a file about their photographs: right turns, and references resolved.",
    Options(
        data="file as data/dialogs/dialogs.json",
        split=_PART,
        images=_IMAGES,
        model=_ANSWERER,
        required=("images",),
        more=(
            Option(
                "without",
                "take one part away, to see what it gives",
                choices=("references", "corrections", "knowledge", "edges"),
            ),
        ),
        example="--data data/dialogs/dialogs.json --images DATASETS/coco_mini",
    ),
)
_add(
    "edits",
    "evaluate.answering.edits:EditsEvaluator",
    "Measure whether answers follow edits of the knowledge, and unrelated answers stay.",
    Options(
        data="file as data/questions/edits.json",
        split="held-out for the edits of subjects that training holds out, trained for the others, "
        "or a part that the file names",
        images=_IMAGES,
        model=_ANSWERER,
        required=("images",),
        more=(_WITHOUT_RULE,),
        example="--data data/questions/edits.json --images DATASETS/coco_mini",
    ),
)
_add(
    "deletion",
    "evaluate.answering.deletion:DeletionEvaluator",
    "Measure whether answers rest on the facts that they cite: without them, and without others.",
    Options(
        data=_QUESTIONS,
        split=_PART,
        images=_IMAGES,
        model=_ANSWERER,
        required=("images",),
        more=(Option("seed", "same seed, same controls", int, default=0),),
        example="--data data/questions/knowledge.json --images DATASETS/coco_mini",
    ),
)
_add(
    "sight",
    "evaluate.seeing.sight:SightEvaluator",
    "Measure all that is seen (objects, names, scenes, colours, relations, text) in one report, "
    "with the figures before these models and the goals beside it.",
    Options(data="folder of all data sets", model="", example="--data DATASETS --json sight.json"),
)
_add(
    "photo-text",
    "evaluate.seeing.photo_text:PhotoTextEvaluator",
    "Measure how text in photographs is read: words drawn on photographs that training holds out.",
    Options(
        data="folder like coco_mini",
        model="",
        more=(
            Option("reader", "reads the text", default="rapidocr", metavar="NAME"),
            Option("seed", "same seed, same words", int, default=0),
            Option("limit", "only so many photographs", int),
        ),
        example="--data DATASETS/coco_mini",
    ),
)
_add(
    "colours",
    "evaluate.seeing.colours:ColoursEvaluator",
    "Measure the colours of the 150 objects in data/questions/colours.json.",
    Options(
        data="folder of all data sets",
        model="model of the colours, instead of the bundled one",
        example="--data DATASETS",
    ),
)
_add(
    "scenes",
    "evaluate.seeing.scenes:ScenesEvaluator",
    "Measure the scenes on photographs that training held out.",
    Options(
        data="folder of all data sets, for their weak labels, or a folder like scenes15",
        split="part that the folder names, held-out, or all; by default what training never reads",
        model="model of the scenes, instead of the bundled one",
        example="--data DATASETS/scenes15",
    ),
)
_add(
    "tags",
    "evaluate.seeing.tags:TagsEvaluator",
    "Measure the tags of photographs that training held out by what their captions mention.",
    Options(
        data="folder of all data sets",
        model="model that `train tags` wrote, instead of the bundled one",
        example="--data DATASETS",
    ),
)
_add(
    "parser",
    "evaluate.reading.parser:ParserEvaluator",
    "Measure tags, lemmas and dependencies on the dev file.",
    Options(
        data="folder of UD English EWT",
        model="model of the parser, instead of the bundled one",
        example="--data DATASETS/ud_english_ewt",
    ),
)
_add(
    "answerer",
    "evaluate.answering.answerer:AnswererEvaluator",
    "Measure the answerer on photographs, concepts and wordings that training held out.",
    Options(
        data="folder of all data sets",
        model=_ANSWERER,
        more=(
            Option("detector", "finds the objects, instead of the teacher", metavar="NAME"),
            Option("photographs", "only so many photographs", int),
            Option("questions_per_photo", "questions on each photograph", int, default=2),
            Option("seed", "same seed, same questions", int, default=0),
        ),
        example="--data DATASETS --detector bundled",
    ),
)
_add(
    "retrieval",
    "evaluate.answering.retrieval:RetrievalEvaluator",
    "Measure whether the best facts of a store hold the answer, on the questions of photographs "
    "that training holds out.",
    Options(
        data="file okvqa/train.json or fvqa/train.json",
        model="model of the ranker, instead of the bundled one",
        more=(
            Option("kg", "store that is searched", Path, "STORE", required=True),
            Option("limit", "only so many questions", int),
        ),
        example="--data DATASETS/okvqa/train.json --kg common.store",
    ),
)
_add(
    "question-parsing",
    "evaluate.reading.parser:QuestionParsingEvaluator",
    "Measure the analysis of questions: the share that is right in every field.",
    Options(
        data="file as tests/pipelines/question_cases.json",
        model="model of the parser, instead of the bundled one",
        example="--data tests/pipelines/question_cases.json",
    ),
)
_add(
    "linking",
    "evaluate.reading.linking:LinkingEvaluator",
    "Measure how names are linked to concepts of the bundled knowledge, and to none.",
    Options(
        data="file as tests/kg/linking_cases.json",
        split="a part of the cases: development, unseen, sealed; all but sealed by default",
        model="",
        example="--data tests/kg/linking_cases.json",
    ),
)
_add(
    "linking-coverage",
    "evaluate.reading.linking:CoverageEvaluator",
    "Measure which share of a data set's object names the bundled knowledge knows.",
    Options(
        data="file of object names: COCO annotations, a CSV, or a text",
        model="",
        example="--data DATASETS/openimages_hierarchy/dict.csv",
    ),
)
_add(
    "grounding",
    "evaluate.reading.grounding:GroundingEvaluator",
    "Measure to which objects referring expressions are resolved.",
    Options(
        data="file as tests/pipelines/grounding_cases.json",
        model="",
        example="--data tests/pipelines/grounding_cases.json",
    ),
)

__all__ = ["EVALUATORS", "OPTIONS", "Evaluator", "Option", "Options", "Report", "Source"]
