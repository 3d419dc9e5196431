"""WordPiece tokens (Wu et al., 2016) from a tokenizer.json, without transformers' slow import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer


class Pieces(dict[str, list[int]]):
    """The numbers of a text's pieces, under "input_ids"; and the word that each belongs to."""

    def __init__(self, ids: list[int], words: list[int | None]) -> None:
        super().__init__(input_ids=ids)
        self._words = words

    def word_ids(self) -> list[int | None]:
        """Return for each piece the index of its word; None for marks of start and end."""
        return self._words


class WordPieceTokenizer:
    """A BERT tokenizer, called with those arguments of transformers' tokenizers that we use.

    Raises:
        OSError, ValueError: there is no tokenizer.json in `folder`, or one without BERT's marks.
    """

    def __init__(self, folder: Path) -> None:
        # from_file hides what is wrong in an exception of no particular type
        self._tokenizer = Tokenizer.from_str(
            (folder / "tokenizer.json").read_text(encoding="utf-8")
        )
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.unk_token_id = self._mark("[UNK]")
        self.sep_token_id = self._mark("[SEP]")

    def __call__(
        self,
        text: str | Sequence[str],
        truncation: bool = False,
        max_length: int | None = None,
        add_special_tokens: bool = True,
        is_split_into_words: bool = False,
    ) -> Pieces:
        """Return the pieces of a text, or of a list of words.

        max_length: longer texts are cut, where `truncation` is set; their last piece is the mark
            of the end.
        """
        found = self._tokenizer.encode(
            text, is_pretokenized=is_split_into_words, add_special_tokens=add_special_tokens
        )
        ids, words = list(found.ids), list(found.word_ids)
        if truncation and max_length is not None and len(ids) > max_length:
            end = 1 if add_special_tokens else 0
            ids = ids[: max_length - end] + ids[len(ids) - end :]
            words = words[: max_length - end] + words[len(words) - end :]
        return Pieces(ids, words)

    def _mark(self, token: str) -> int:
        number = self._tokenizer.token_to_id(token)
        if number is None:
            raise ValueError(f"the tokenizer knows no {token}")
        return int(number)
