"""Questions written by hand about photographs, and whether an answer is one of those accepted."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kg.english import ARTICLES, singulars
from kg.errors import SightGraphError, unknown_name
from pipelines.photo import EXAMPLES, check_photo

EXAMPLE = "example:"
_SEPARATORS = re.compile(r"[^\w'.]+|_|\.(?!\d)|(?<!\d)\.")
"""All but words, apostrophes and decimal points: a hyphen is a space."""
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_INITIALS = re.compile(r"\b([^\W\d])\.(?=[^\W\d]\b)")
"""The dots of abbreviations: U.S.A., p.m."""
_APOSTROPHES = str.maketrans("\N{RIGHT SINGLE QUOTATION MARK}\N{LEFT SINGLE QUOTATION MARK}", "''")
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
ONES = {word: value for value, word in enumerate(_ONES.split())}
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
HUNDRED = 100
AMERICAN = {
    "aeroplane": "airplane", "aluminium": "aluminum", "armour": "armor",
    "behaviour": "behavior", "catalogue": "catalog", "centre": "center", "cheque": "check",
    "cosy": "cozy", "colour": "color", "defence": "defense", "doughnut": "donut",
    "draught": "draft", "favourite": "favorite", "fibre": "fiber", "flavour": "flavor",
    "grey": "gray", "harbour": "harbor", "honour": "honor", "humour": "humor",
    "jewellery": "jewelry", "labour": "labor", "licence": "license", "litre": "liter",
    "meagre": "meager", "metre": "meter", "mould": "mold", "moustache": "mustache",
    "neighbour": "neighbor", "odour": "odor", "parlour": "parlor", "plough": "plow",
    "pyjama": "pajama", "rumour": "rumor", "savour": "savor", "sceptic": "skeptic",
    "sulphur": "sulfur", "theatre": "theater", "traveller": "traveler", "tyre": "tire",
    "vapour": "vapor", "woollen": "woolen", "yoghurt": "yogurt",
}  # fmt: skip
"""Words that the two sides of the Atlantic spell differently: British, American."""
_STEMS = tuple(sorted((word for word in AMERICAN if len(word) > 4), key=len, reverse=True))
"""Of these, longer words are spelt alike: colourful, fibreglass, kilometre."""


@dataclass(frozen=True, slots=True)
class PhotoQuestion:
    """A question about a photograph, as a file holds it.

    file_name: a path inside the folder of the photographs, or example:NAME.
    answers: all that count as right; kind: the file's `type`; part: "" where it names none.
    about: names of what the question is about, any of which will do: the file's `object`.
    """

    id: str
    file_name: str
    text: str
    answers: tuple[str, ...]
    kind: str
    part: str = ""
    about: tuple[str, ...] = ()

    def photo(self, images: Path) -> str:
        """Return what `Photo.open` takes, for photographs in the folder `images`."""
        if self.file_name.startswith(EXAMPLE):
            return self.file_name
        return str(images / self.file_name)


class Listed(Protocol):
    """What a file lists by number, divided into parts."""

    @property
    def id(self) -> str:
        """Its number or name, once in the file."""

    @property
    def part(self) -> str:
        """The part it belongs to; "" where the file names none."""


ListedItem = TypeVar("ListedItem", bound=Listed)


def read_questions(file: Path, part: str | None = None) -> list[PhotoQuestion]:
    """Return the questions of `file`, or those of one `part`, in the order of the file.

    Raises:
        SightGraphError: the file cannot be read, a question lacks a field or has another's id,
            or none is of that part.
    """
    return read_listed(file, "question", _question, part)


def read_listed(
    file: Path, kind: str, read: Callable[[Any, str], ListedItem], part: str | None
) -> list[ListedItem]:
    """Return the items of a JSON file `{"questions": [...]}`, or those of one `part`, in its order.

    kind: what one item is called ("question"). read: reads one, given with its place for errors.

    Raises:
        SightGraphError: the file cannot be read, `read` raises one, an id stands twice, or none
            is of that part.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SightGraphError(
            f"cannot read the {kind}s in '{file}': {error}. Give a JSON file."
        ) from error
    listed = content.get(f"{kind}s") if isinstance(content, Mapping) else None
    if not isinstance(listed, list) or not listed:
        raise SightGraphError(
            f"'{file}' holds no {kind}s. It must be an object with a list '{kind}s'."
        )
    found = [read(one, f"{file}, {kind} {number}") for number, one in enumerate(listed, 1)]
    seen = set()
    for one in found:
        if one.id in seen:
            raise SightGraphError(f"{file}: two {kind}s have the id '{one.id}'. Number them.")
        seen.add(one.id)
    if part is None:
        return found
    if not any(one.part == part for one in found):
        raise unknown_name(f"part of '{file}'", part, {one.part for one in found if one.part})
    return [one for one in found if one.part == part]


def _question(entry: Any, where: str) -> PhotoQuestion:
    """Read one entry; `where` names it in errors."""
    if not isinstance(entry, Mapping):
        raise SightGraphError(f"{where} must be an object with a question and its answers.")
    texts = {}
    for field in ("id", "file_name", "question", "type"):
        value = entry.get(field)
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
            raise SightGraphError(f"{where} has no '{field}'. Give a text that is not empty.")
        texts[field] = str(value)
    answers = entry.get("answers")
    known = isinstance(answers, list) and all(isinstance(one, str | int | float) for one in answers)
    if not known or not answers:
        raise SightGraphError(f"{where} has no 'answers'. List at least one accepted answer.")
    return PhotoQuestion(
        id=texts["id"],
        file_name=texts["file_name"],
        text=texts["question"],
        answers=tuple(str(one) for one in answers),
        kind=texts["type"],
        part=str(entry.get("part") or ""),
        about=_about(entry.get("object"), where),
    )


def _about(names: Any, where: str) -> tuple[str, ...]:
    """Return the names of the field 'object', which may be missing."""
    if names is None:
        return ()
    listed = names if isinstance(names, list) else [names]
    if not all(isinstance(one, str) and one.strip() for one in listed):
        raise SightGraphError(
            f"{where}: 'object' must be a name, or a list of names, of what the question is about."
        )
    return tuple(listed)


def check_photographs(questions: Iterable[PhotoQuestion], images: Path) -> None:
    """Find out before long work whether all photographs are there, and are photographs.

    Raises:
        SightGraphError: one is not; the first is named.
    """
    checked = set()
    for one in questions:
        if one.file_name in checked:
            continue
        checked.add(one.file_name)
        example = one.file_name.removeprefix(EXAMPLE)
        if example != one.file_name:
            if example not in EXAMPLES:
                raise unknown_name("example photograph", example, EXAMPLES)
        elif not (images / one.file_name).is_file():
            raise SightGraphError(
                f"there is no photograph at '{images / one.file_name}', which question "
                f"'{one.id}' asks about. Give the folder that file_name starts in with --images."
            )
        else:
            check_photo(images / one.file_name)


def same_answer(given: str, accepted: Sequence[str]) -> bool:
    """Whether `given` equals one of `accepted`, but for case, articles, plural and spelling.

    >>> same_answer("The dogs", ["dog"]), same_answer("2", ["Two"]), same_answer("cat", ["dog"])
    (True, True, False)
    """
    words = plain_answer(given).split()
    return bool(words) and any(_same_words(words, plain_answer(one).split()) for one in accepted)


def plain_answer(text: str) -> str:
    """Return `text` in lower case, without articles and punctuation, numbers as digits.

    A hyphen is a space and the spelling American. Plurals stay, since an ending alone does not
    tell a word's singular (horses, buses); `same_answer` compares them.

    >>> plain_answer("A light-grey Colour!"), plain_answer("Twenty-one of the men")
    ('light gray color', '21 of men')
    """
    lower = unicodedata.normalize("NFKC", text).lower().translate(_APOSTROPHES)
    spaced = _SEPARATORS.sub(" ", _INITIALS.sub(r"\1", _THOUSANDS.sub("", lower)))
    words = [word for one in spaced.split() if (word := one.strip("'"))]
    words = [word for word in words if word not in ARTICLES] or words
    return " ".join(map(_american, _in_digits(words)))


def _same_words(given: Sequence[str], accepted: Sequence[str]) -> bool:
    return len(given) == len(accepted) and all(map(_same_word, given, accepted))


def _same_word(one: str, other: str) -> bool:
    """Whether the words are equal, or one is the plural of the other."""
    return one == other or one in _singulars(other) or other in _singulars(one)


def _singulars(word: str) -> set[str]:
    """Return what `word` may be the plural of; forms of spelling were made alike before."""
    return {_american(one) for one in singulars(word)}


def _american(word: str) -> str:
    if word in AMERICAN:
        return AMERICAN[word]
    for stem in _STEMS:
        if stem in word:
            return word.replace(stem, AMERICAN[stem])
    return word.replace("grey", "gray")


def _in_digits(words: Sequence[str]) -> Iterator[str]:
    """Yield `words` with numbers below a thousand that are written as words as digits."""
    place = 0
    while place < len(words):
        value, length = _number(words[place:])
        yield str(value) if length else words[place]
        place += length or 1


def _number(words: Sequence[str]) -> tuple[int, int]:
    """Return the number that `words` begin with, and of how many words it is; (0, 0) if none."""
    value, length = _below_hundred(words)
    if words[length : length + 1] != ["hundred"] or value > 9:
        return value, length
    value, length = HUNDRED * (value if length else 1), length + 1
    joined = length + (words[length : length + 1] == ["and"])
    rest, more = _below_hundred(words[joined:])
    return (value + rest, joined + more) if more else (value, length)


def _below_hundred(words: Sequence[str]) -> tuple[int, int]:
    first, second = [*words[:2], "", ""][:2]
    if first in TENS:
        ones = ONES.get(second, 0)
        return (TENS[first] + ones, 2) if 0 < ones < 10 else (TENS[first], 1)
    return (ONES[first], 1) if first in ONES else (0, 0)
