"""Wordings that narrow down what answers them: a country, a part by its use, a class.

{s} is a phrase for something in the photograph; "it" stands for the subject of a fact.
"""

from __future__ import annotations

TYPED_ASKS: dict[tuple[str, str], tuple[str, ...]] = {
    ("comes from", "region"): (
        "what country does it come from",
        "which continent does it come from",
        "in which country was it invented",
        "what part of the world is it native to",
        "on which continent does it live",
        "in what country was it first eaten",
        "which country is famous for it",
        "on what continent would you see it in the wild",
    ),
    ("comes from", "plant"): (
        "what does it grow on",
        "what plant does it come from",
        "which tree does it grow on",
        "what kind of tree does it come from",
        "on what kind of plant does it grow",
        "what is it picked from",
        "what plant gives us it",
        "where did it grow",
    ),
    ("comes from", "animal"): (
        "which animal does it come from",
        "what animal gives us it",
        "from which creature do we get it",
        "what beast is it taken from",
    ),
    ("comes from", "food"): (
        "what goes into making it",
        "what food is it made from",
        "which fruit is in it",
        "which vegetable did it use to be",
    ),
    ("found at", "room"): (
        "in which room would you find it",
        "in what part of the house is it",
        "which room does it belong in",
        "what room is usual for it",
    ),
    ("found at", "nature"): (
        "where in nature does it live",
        "what landscape does it live in",
        "where in the wild do you find it",
        "in what kind of country does it live",
        "where does it live when nobody keeps it",
    ),
    ("found at", "farm place"): (
        "where on a farm is it kept",
        "where does it sleep at night",
        "in what building do farmers keep it",
    ),
    ("found at", "traffic place"): (
        "where do you wait for it",
        "where does it stop",
        "where does it drive",
        "at what place do people get on it",
    ),
    ("found at", "sports ground"): (
        "where is the game with it played",
        "on what ground is it used",
    ),
    ("found at", "shop"): ("in what kind of shop can you buy it", "where could you buy it"),
    ("found at", "region"): ("in which country do you see it", "which part of the world has it"),
    ("produces", "beverage"): (
        "what drink does it give us",
        "what can you drink that comes from it",
    ),
    ("produces", "material"): ("what material do we get from it", "what cloth comes from it"),
    ("produces", "food"): ("what food does it give us", "what food comes from it"),
    ("powered by", "fuel"): (
        "which fuel is in its tank",
        "what do you fill it up with",
        "what fuel does it run on",
        "what do you buy for it at a petrol station",
    ),
    ("used for", "transport"): (
        "how did it carry people in former times",
        "how does it help people to get around",
        "what does it do on the road",
    ),
    ("used for", "farming"): ("why would a farmer own it", "what work does it do on a farm"),
    ("used by", "worker"): (
        "what job has somebody who uses it",
        "what is the profession of its user",
    ),
    ("has part", "vehicle part"): (
        "on which parts does it move along",
        "what do you hold to steer it",
        "which part do you steer it with",
        "what do you push with your feet on it",
        "what part makes it move",
    ),
    ("has part", "animal part"): (
        "what does the body of it have",
        "what is the outside of it covered with",
        "what grows on the head of it",
        "which part of the body of it stands out",
    ),
    ("has part", "plant part"): (
        "what part of it would you eat",
        "what do you take off it before eating",
    ),
    ("is a", "sport"): ("what sort of sport is it",),
    ("used in the sport", "sport"): (
        "what sport are they playing with it",
        "what game is going on with it",
    ),
    ("causes", "harm"): (
        "how could it hurt you",
        "what injury might it cause",
        "why must you be careful with it",
    ),
}
"""Wordings that only an object below a category answers, by (relation, label of the category)."""

SIDES: tuple[tuple[frozenset[str], tuple[str, ...]], ...] = (
    (
        frozenset({"left", "right"}),
        (
            "Is {s} on the left or on the right of the picture?",
            "Is {s} on the left or the right?",
            "Is {s} to the left or to the right?",
            "On which side is {s}, left or right?",
        ),
    ),
    (
        frozenset({"top", "bottom"}),
        (
            "Is {s} at the top or at the bottom of the photo?",
            "Is {s} in the upper or lower part of the picture?",
        ),
    ),
)
"""Questions of choice between two sides: the labels that answer, wordings."""

PART_SELECT = (
    "Which part of {s} is used for {o}?",
    "What part of {s} is for {o}?",
    "With which part does {s} {verb}?",
    "Which part of {s} do you use to {verb}?",
    "What does {s} have for {o}?",
    "What does {s} {verb} with?",
    "Which piece of {s} serves for {o}?",
    "By which part do you {verb} {s}?",
    "What on {s} is there for {o}?",
)
"""Questions whose answer is a part of {s}, told by what the part does."""

PART_FACT: dict[str, tuple[str, ...]] = {
    "made of": (
        "What is the {p} of {s} made of?",
        "What material is the {p} of {s}?",
        "What are the {p} on {s} made of?",
    ),
    "used for": (
        "What is the {p} of {s} for?",
        "What does {s} use its {p} for?",
        "What do you do with the {p} of {s}?",
    ),
}
"""Questions about the part {p} of {s}."""

KIND_OF = (
    "What kind of {x} is {s}?",
    "What sort of {x} is {s}?",
    "What type of {x} is {s}?",
    "Which kind of {x} is {s}?",
    "To which group of {xs} does {s} belong?",
    "What group of {xs} does {s} belong to?",
)
"""Questions whose answer is a category below {x}, or the thing itself."""

CLASSES: dict[str, tuple[frozenset[str], tuple[str, ...]]] = {
    "class": (
        frozenset({"mammal", "bird", "fish", "reptile", "insect", "amphibian"}),
        (
            "What class of animals is {s} in?",
            "To what class does {s} belong?",
            "Which class of the animal kingdom does {s} belong to?",
            "Is {s} a mammal, a bird or a fish?",
            "In which class would a biologist put {s}?",
        ),
    ),
    "family": (
        frozenset({"feline", "canine", "rodent", "primate", "bovine", "equine", "big cat", "ape"}),
        (
            "What family of animals is {s} in?",
            "Which family does {s} belong to?",
            "To what animal family does {s} belong?",
            "What family are animals like {s} of?",
        ),
    ),
    "diet": (
        frozenset({"carnivore", "herbivore", "omnivore"}),
        (
            "Is {s} a meat eater or a plant eater?",
            "By its diet, what is {s}?",
            "What do you call {s} because of what it eats?",
            "Does {s} eat meat or plants?",
        ),
    ),
}
"""Questions for one class of several: labels of the possible classes, wordings."""
