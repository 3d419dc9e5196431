"""Wordings of the questions that the answerer is trained on.

The ontology's `sgo:asks` wordings ask for the object of a fact; these ask for everything
else. {s} is a phrase for something in the photograph ("this animal", "the object next to
the cup"), {o} the label of a fact's object, {verb} its bare verb, {a_o} the label with its
article, {x} a category or label, {xs} its plural.
"""

from __future__ import annotations

MORE_ASKS: dict[str, tuple[str, ...]] = {
    "used for": (
        "what would you use it for",
        "what do people use it for",
        "why would you need it",
        "what are you supposed to do with it",
        "what is it good for",
    ),
    "made of": ("what is it usually made of", "what material is it made of"),
    "found at": (
        "where do you usually find it",
        "where would you normally find it",
        "where can it be found",
        "in what place is it usually found",
        "where do people keep it",
    ),
    "can": ("what is it known for doing", "what can it usually do"),
    "has part": ("what parts make it up", "name a part of it", "what is a part of it"),
    "eats": ("what does it usually eat", "what food does it like", "what should you feed it"),
    "powered by": (
        "what does it need to run",
        "what does it need to go",
        "what does it need to work",
        "what does it use for power",
        "what kind of energy does it use",
        "what fuel does it need",
        "what does it need to move",
        "what does it need in order to run",
        "what makes it run",
        "what do you put in it to make it go",
    ),
    "is a": (
        "what kind of thing is it",
        "what type of thing is it",
        "what sort of thing is it",
        "what is it an example of",
        "what category does it belong to",
    ),
    "used by": ("what kind of person uses it", "who usually uses it"),
    "needs": ("what must you have for it", "what does it need to be used"),
    "has young called": ("what is a baby of it called", "what do you call its baby"),
}
"""More wordings that ask for the object of a fact, by the label of its relation."""

DROPPED_ASKS = frozenset(
    {
        "what is it",
        "what is on it",
        "what does it need to run",
        "what does it need to work",
        "what plant does it come from",
        "what animal does it come from",
        "how does it taste",
        "how does it feel",
        "what shape is it",
        "which country is it from",
        "where was it invented",
        "where does it grow",
        "what nutrient is in it",
        "in which room is it",
    }
)
"""Wordings of the ontology that ask for several relations, or fit few of its subjects."""

SELECT: dict[str, tuple[str, ...]] = {
    "used for": (
        "Which object can be used for {o}?",
        "What can you use for {o}?",
        "Which thing here is used for {o}?",
        "What in the picture is used for {o}?",
        "Which object would you use for {o}?",
        "Which object is good for {o}?",
    ),
    "can": (
        "Which of these can {verb}?",
        "What in the photo can {verb}?",
        "Which one is able to {verb}?",
        "Which thing here is capable of {o}?",
    ),
    "made of": (
        "Which object is made of {o}?",
        "What in the picture is made of {o}?",
        "What here is made from {o}?",
        "Which thing consists of {o}?",
    ),
    "has part": (
        "Which object has {o}?",
        "What in the picture has {o}?",
        "Which thing here comes with {o}?",
    ),
    "found at": (
        "Which object is usually found in {a_o}?",
        "What here belongs in {a_o}?",
        "Which thing would you find at {a_o}?",
    ),
    "is": ("Which object is {o}?", "What in the photo is {o}?", "Which thing here is {o}?"),
    "eats": ("Which animal eats {o}?", "Who here eats {o}?", "What in the photo feeds on {o}?"),
    "needs": ("Which object needs {o}?", "What in the picture requires {o}?"),
    "powered by": ("Which object is powered by {o}?", "What here runs on {o}?"),
    "is a": (
        "Which object is {a_o}?",
        "Which of these is {a_o}?",
        "What {o} is this?",
        "Which {o} is in the picture?",
        "What kind of {o} is this?",
        "What {o} can you see?",
    ),
    "produces": ("Which of these produces {o}?", "What here gives {o}?"),
    "used in the sport": ("Which object is used in {o}?", "What here do you need for {o}?"),
    "served at": ("Which food is eaten at {o}?",),
}
"""Questions whose answer is an object of the photograph."""

YES_NO: dict[str, tuple[str, ...]] = {
    "is a": (
        "Is {s} {a_o}?",
        "Is {s} a kind of {o}?",
        "Would you call {s} {a_o}?",
        "Is {s} an example of {a_o}?",
        "Does {s} count as {a_o}?",
    ),
    "can": (
        "Can {s} {verb}?",
        "Is {s} able to {verb}?",
        "Is {s} capable of {o}?",
        "Could {s} {verb}?",
    ),
    "has part": (
        "Does {s} have {o}?",
        "Does {s} have {a_o}?",
        "Has {s} got {o}?",
        "Is {o} a part of {s}?",
    ),
    "made of": ("Is {s} made of {o}?", "Is {s} made from {o}?", "Does {s} consist of {o}?"),
    "is": ("Is {s} {o}?", "Is {s} usually {o}?", "Would you say {s} is {o}?"),
    "used for": ("Is {s} used for {o}?", "Can {s} be used for {o}?", "Can you use {s} for {o}?"),
    "eats": ("Does {s} eat {o}?", "Does {s} feed on {o}?", "Would {s} eat {o}?"),
    "needs": ("Does {s} need {o}?", "Does {s} require {o}?"),
    "found at": (
        "Is {s} found at {a_o}?",
        "Can you find {s} in {a_o}?",
        "Would {s} be found in {a_o}?",
    ),
    "powered by": ("Does {s} run on {o}?", "Is {s} powered by {o}?"),
    "produces": ("Does {s} produce {o}?", "Does {s} give {o}?"),
}
"""Questions about {s} that are answered by yes or no."""

EXISTS = (
    "Is there {a_x} in the picture?",
    "Is there {a_x}?",
    "Can you see {a_x}?",
    "Are there any {xs} in the photo?",
    "Does the photo show {a_x}?",
)

COUNT = (
    "How many {xs} are there?",
    "How many {xs} are in the picture?",
    "How many {xs} can you see?",
    "What is the number of {xs}?",
    "Count the {xs}.",
)

SPATIAL_PHRASES: dict[str, tuple[str, ...]] = {
    "near": ("next to", "near", "beside", "close to", "by"),
    "left of": ("to the left of", "left of", "on the left side of"),
    "right of": ("to the right of", "right of", "on the right side of"),
    "above": ("above", "over"),
    "below": ("below", "beneath"),
    "on": ("on", "on top of"),
    "under": ("under", "underneath"),
    "in": ("in", "inside"),
    "larger than": ("larger than", "bigger than"),
    "smaller than": ("smaller than",),
}
"""How people say each spatial relation."""

SPATIAL_SELECT = (
    "What is {where} the {anchor}?",
    "Which object is {where} the {anchor}?",
    "What is the thing {where} the {anchor}?",
    "What object can you see {where} the {anchor}?",
)

SPATIAL_YES_NO = (
    "Is the {x} {where} the {anchor}?",
    "Is there {a_x} {where} the {anchor}?",
)
