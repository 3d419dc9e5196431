"""The inputs that `fuzz.py` mutates: for each reader its files by name, small and valid."""

from __future__ import annotations

import json
import tempfile
from io import BytesIO
from pathlib import Path
from typing import Any

from kg.files import bundled
from kg.formats.json import FORMAT


def detections() -> dict[str, bytes]:
    """Return objects in the formats of several tools."""
    box = {"bbox": [10, 20, 30, 40], "score": 0.5}
    own = [{"label": "cat", "score": 0.9, "box": [1, 2, 90, 80]}, {"label": "dog"}]
    coco = {
        "categories": [{"id": 3, "name": "cup"}],
        "annotations": [{"image_id": 7, "category_id": 3, **box}],
        "images": [{"id": 7, "file_name": "cat.jpg"}],
    }
    labelme = {"shapes": [{"label": "cup", "points": [[1, 2], [30, 40]]}], "imagePath": "cat.jpg"}
    scene = [{"image_id": 1, "objects": [{"names": ["cup"], "x": 1, "y": 2, "w": 30, "h": 40}]}]
    voc = (
        "<annotation><filename>cat.jpg</filename><object><name>cup</name><bndbox><xmin>1</xmin>"
        "<ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object></annotation>"
    )
    csv = "class_name,confidence,x_min,y_min,x_max,y_max\ncup,0.9,1,2,30,40\n"
    values: dict[str, Any] = {
        "own": own,
        "results": [{"image_id": 7, "category_id": 47, **box}],
        "coco": coco,
        "labelme": labelme,
        "scene": scene,
    }
    found = {f"{name}.json": json.dumps(value).encode() for name, value in values.items()}
    lines = b'{"label": "cup", "box": [1, 2, 30, 40]}\n{"label": "cat"}\n'
    return found | {"voc.xml": voc.encode(), "table.csv": csv.encode(), "lines.jsonl": lines}


def scene_graphs() -> dict[str, bytes]:
    """Return one graph in every format that is read."""
    from kg.formats import IMPORTERS, export
    from kg.formats.json import of_document

    node = {"id": "o1", "kind": "object", "label": "cat", "origin": "bundled", "score": 0.9}
    concept = {"id": "c1", "kind": "concept", "label": "pet", "origin": "kg", "score": 1.0}
    edge = {"source": "o1", "target": "c1", "kind": "fact", "relation": "is a", "origin": "kg"}
    document = {
        "format": FORMAT,
        "photo": {"source": "cat.jpg", "width": 640, "height": 480},
        "text": "What is this?",
        "nodes": [node | {"box": [1, 2, 90, 80.5]}, concept | {"span": [8, 12]}],
        "edges": [edge | {"score": 0.8, "via": ["cat"], "predicate": "https://example.org/isA"}],
    }
    graph = of_document(document, "the seed")
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as folder:
        for ending in IMPORTERS:
            export(graph, [file := Path(folder) / f"scene{ending}"])
            found[file.name] = file.read_bytes()
    return found


def configs() -> dict[str, bytes]:
    """Return a config of a bench training."""
    text = (
        "fusion: additive\nsizes:\n  hidden: 64\n  layers: 2\n  heads: 4\n  dropout: 0.1\n"
        "  layer: {name: gat, heads: 2}\ntraining:\n  epochs: 3\n  learning_rate: 1e-3\n"
        "  clip: null\n  schedule: cosine\nmissing: 0.1\nimage_encoder: small_cnn\n"
    )
    return {"config.yaml": text.encode()}


def checkpoints() -> dict[str, bytes]:
    """Return a checkpoint, and the JSON of its metadata alone."""
    import torch
    from safetensors.torch import save

    shape = {"map": [["a", {"tensor": "w"}], [3, {"tuple": [1, {"float": "nan"}]}], ["b", [True]]]}
    text = json.dumps(shape)
    whole = save({"w": torch.ones(2, 3)}, {"state": text})
    return {"last.safetensors": whole, "metadata.json": text.encode()}


def detector_folders() -> dict[str, bytes]:
    """Return the two files of the bundled detector."""
    folder = bundled("models", "detector")
    return {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}


_TURTLE = """@prefix : <https://example.org/> .
@prefix sgo: <https://sightgraph.org/ontology#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
:cat a :Animal ; skos:prefLabel "cat"@en ; skos:altLabel "kitty" ; :eats :fish ; :legs 4 .
:eats rdfs:label "eats" ; sgo:inverseLabel "eaten by" ; sgo:strength 0.7 ; sgo:inheritsDown true .
:fish rdfs:label "fish" ; skos:broader :Animal . :Animal rdfs:label "animal" .
[] rdf:subject :cat ; rdf:predicate :eats ; rdf:object :fish ; sgo:strength 0.4 .
"""
_RDF_XML = """<?xml version="1.0"?>
<!DOCTYPE rdf:RDF [<!ENTITY e "https://example.org/">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
 xmlns:skos="http://www.w3.org/2004/02/skos/core#">
<rdf:Description rdf:about="&e;cat"><skos:prefLabel xml:lang="en">cat</skos:prefLabel>
<skos:broader rdf:resource="&e;animal"/></rdf:Description></rdf:RDF>
"""
_GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="d0" for="node" attr.name="label" attr.type="string"/>
<key id="d1" for="edge" attr.name="weight" attr.type="double"><default>0.5</default></key>
<graph edgedefault="directed"><node id="n0"><data key="d0">cup</data></node><node id="n1"/>
<edge source="n0" target="n1" label="made of"><data key="d1">0.9</data></edge></graph></graphml>
"""


def knowledge_files() -> dict[str, bytes]:
    """Return a few statements in four syntaxes."""
    import rdflib

    graph = rdflib.Graph().parse(data=_TURTLE, format="turtle")
    return {
        "own.ttl": _TURTLE.encode(),
        "own.nt": graph.serialize(format="nt", encoding="utf-8"),
        "own.jsonld": graph.serialize(format="json-ld", encoding="utf-8"),
        "own.rdf": _RDF_XML.encode(),
    }


def sources() -> dict[str, bytes]:
    """Return these and other files that `kg import` reads."""
    concept_net = (
        "/a/[/r/IsA/,/c/en/cat/,/c/en/pet/]\t/r/IsA\t/c/en/cat\t/c/en/pet\t"
        '{"weight": 2.0, "dataset": "/d/conceptnet/4/en"}\n'
    )
    return knowledge_files() | {
        "own.tsv": b"cup\tmade of\ttin\t0.8\ncup\tis a\tvessel\n",
        "own.csv": b'head,relation,tail\ncup,made of,tin\n"a, b",is a,thing\n',
        "own.graphml": _GRAPHML.encode(),
        "conceptnet.csv": concept_net.encode(),
        "utf16.tsv": "cup\tmade of\ttin\n".encode("utf-16"),
    }


def stores() -> dict[str, bytes]:
    """Return the bytes from which the damage to a store is drawn."""
    return {"how.bin": bytes(16)}


def images() -> dict[str, bytes]:
    """Return one picture in seven formats."""
    from PIL import Image

    image = Image.radial_gradient("L").resize((40, 30)).convert("RGB")
    found: dict[str, bytes] = {}
    options: dict[str, dict[str, Any]] = {
        "jpeg": {
            "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
        },
        "gif": {"save_all": True, "append_images": [image.rotate(90), image.rotate(45)]},
    }
    for kind in ("jpeg", "png", "gif", "tiff", "webp", "bmp", "ppm"):
        buffer = BytesIO()
        image.save(buffer, kind, **options.get(kind, {}))
        found[f"photo.{kind}"] = buffer.getvalue()
    return found


_QUESTIONS = (
    "What is this cat used for?",
    "Is the dog on the left of the motorcycle?",
    "How many cups are there on the table?",
    "A man in a red hat rides a horse near the river.",
    "Which of these animals can fly, and why?",
    "Was treibt dieses Motorrad an?",
    'What does the sign "No parking" say?',
)


def questions() -> dict[str, bytes]:
    """Return questions and captions."""
    return {f"question{n}.txt": text.encode() for n, text in enumerate(_QUESTIONS)}


def edits() -> dict[str, bytes]:
    """Return facts to set."""
    texts = ("cat usedFor pest control", "a cat can fly", "dog is not a pet", "cat has 4 legs")
    return {f"edit{n}.txt": text.encode() for n, text in enumerate(texts)}
