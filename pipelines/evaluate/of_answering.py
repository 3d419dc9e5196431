"""The evaluations of answers, and of the knowledge that they rest on, with their options."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pipelines.evaluate.protocol import Entry, Option, Options

_ANSWERER = "model of an answerer, instead of the bundled one"
_QUESTIONS = "file as in data/questions"
_PART = "only the questions of this part"
_WITHOUT_RULE = Option(
    "without_rule", "switch off this rule of answering, to see what it gives", metavar="NAME"
)
_asked = partial(Options, images="where the photographs are", model=_ANSWERER, required=("images",))
"""Options of an evaluation that asks about photographs."""

OKVQA = Entry(
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
DAQUAR = Entry(
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
QUESTIONS = Entry(
    "questions",
    "evaluate.answering.questions:QuestionsEvaluator",
    "Ask the questions of a file about their photographs; right is what the file accepts.",
    _asked(
        data=_QUESTIONS,
        split=_PART,
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
DIALOGS = Entry(
    "dialogs",
    "evaluate.answering.dialogs:DialogsEvaluator",
    "Hold the dialogs of a file about their photographs: right turns, and references resolved.",
    _asked(
        data="file as data/dialogs/dialogs.json",
        split=_PART,
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
EDITS = Entry(
    "edits",
    "evaluate.answering.edits:EditsEvaluator",
    "Measure whether answers follow edits of the knowledge, and unrelated answers stay.",
    _asked(
        data="file as data/questions/edits.json",
        split="held-out for the edits of subjects that training holds out, trained for the others, "
        "or a part that the file names",
        more=(_WITHOUT_RULE,),
        example="--data data/questions/edits.json --images DATASETS/coco_mini",
    ),
)
DELETION = Entry(
    "deletion",
    "evaluate.answering.deletion:DeletionEvaluator",
    "Measure whether answers rest on the facts that they cite: without them, and without others.",
    _asked(
        data=_QUESTIONS,
        split=_PART,
        more=(Option("seed", "same seed, same controls", int, default=0),),
        example="--data data/questions/knowledge.json --images DATASETS/coco_mini",
    ),
)
ANSWERER = Entry(
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
RETRIEVAL = Entry(
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

ENTRIES = (
    OKVQA,
    DAQUAR,
    QUESTIONS,
    DIALOGS,
    EDITS,
    DELETION,
    ANSWERER,
    RETRIEVAL,
)
