"""The evaluations of what is seen, read, described, found and drawn, with their options."""

from __future__ import annotations

from pathlib import Path

from pipelines.evaluate.protocol import Entry, Option, Options

DETECTION = Entry(
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
NAMING = Entry(
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
RELATIONS = Entry(
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
TEXT_GRAPH = Entry(
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
CAPTIONS = Entry(
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
SEARCH = Entry(
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
LAYOUTS = Entry(
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
VIDEO = Entry(
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
SIGHT = Entry(
    "sight",
    "evaluate.seeing.sight:SightEvaluator",
    "Measure all that is seen (objects, names, scenes, colours, relations, text) in one report, "
    "with the figures before these models and the goals beside it.",
    Options(data="folder of all data sets", model="", example="--data DATASETS --json sight.json"),
)
PHOTO_TEXT = Entry(
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
COLOURS = Entry(
    "colours",
    "evaluate.seeing.colours:ColoursEvaluator",
    "Measure the colours of the 150 objects in data/questions/colours.json.",
    Options(
        data="folder of all data sets",
        model="model of the colours, instead of the bundled one",
        example="--data DATASETS",
    ),
)
SCENES = Entry(
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
TAGS = Entry(
    "tags",
    "evaluate.seeing.tags:TagsEvaluator",
    "Measure the tags of photographs that training held out by what their captions mention.",
    Options(
        data="folder of all data sets",
        model="model that `train tags` wrote, instead of the bundled one",
        example="--data DATASETS",
    ),
)
PARSER = Entry(
    "parser",
    "evaluate.reading.parser:ParserEvaluator",
    "Measure tags, lemmas and dependencies on the dev file.",
    Options(
        data="folder of UD English EWT",
        model="model of the parser, instead of the bundled one",
        example="--data DATASETS/ud_english_ewt",
    ),
)
QUESTION_PARSING = Entry(
    "question-parsing",
    "evaluate.reading.parser:QuestionParsingEvaluator",
    "Measure the analysis of questions: the share that is right in every field.",
    Options(
        data="file as tests/pipelines/question_cases.json",
        model="model of the parser, instead of the bundled one",
        example="--data tests/pipelines/question_cases.json",
    ),
)
LINKING = Entry(
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
LINKING_COVERAGE = Entry(
    "linking-coverage",
    "evaluate.reading.linking:CoverageEvaluator",
    "Measure which share of a data set's object names the bundled knowledge knows.",
    Options(
        data="file of object names: COCO annotations, a CSV, or a text",
        model="",
        example="--data DATASETS/openimages_hierarchy/dict.csv",
    ),
)
GROUNDING = Entry(
    "grounding",
    "evaluate.reading.grounding:GroundingEvaluator",
    "Measure to which objects referring expressions are resolved.",
    Options(
        data="file as tests/pipelines/grounding_cases.json",
        model="",
        example="--data tests/pipelines/grounding_cases.json",
    ),
)

ENTRIES = (
    DETECTION,
    NAMING,
    RELATIONS,
    TEXT_GRAPH,
    CAPTIONS,
    SEARCH,
    LAYOUTS,
    VIDEO,
    SIGHT,
    PHOTO_TEXT,
    COLOURS,
    SCENES,
    TAGS,
    PARSER,
    QUESTION_PARSING,
    LINKING,
    LINKING_COVERAGE,
    GROUNDING,
)
