"""Hugging Face models that write text, from a prompt alone or from a photograph and a prompt."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kg.errors import SightGraphError

if TYPE_CHECKING:
    from PIL import Image

MAX_NEW_TOKENS = 48
"""Room for an answer in a few words and what it cites."""
CAUSAL, SEQ2SEQ, IMAGE_TEXT = "causal", "seq2seq", "image-text"
_HUB_ID = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
_NOT_LOADED = (OSError, ValueError, KeyError, ImportError, RuntimeError, TypeError)


class LanguageModel:
    """A causal, sequence-to-sequence or image-text-to-text model, by what its config says it is.

    Replies are greedy, so the same prompt gives the same reply. Only safetensors weights are
    read, and no code that comes with a model is run. What is on this machine is taken first; a
    model id that is not is fetched from the hub once.

    name: a model id, e.g. "Qwen/Qwen2.5-0.5B-Instruct", or a folder that `save_pretrained` wrote.
    kind: CAUSAL, SEQ2SEQ or IMAGE_TEXT; sees: whether it looks at the photograph.

    Raises:
        SightGraphError: there is no such model, it writes no text, or weights of it are missing.
    """

    def __init__(self, name: str | Path, max_new_tokens: int = MAX_NEW_TOKENS) -> None:
        self.name = str(name)
        self.max_new_tokens = max_new_tokens
        self._check_name()
        from transformers import AutoConfig

        self.kind = _kind(self._load(AutoConfig.from_pretrained), self.name)
        self.processor = self._load(_processor_class(self.kind).from_pretrained)
        if self.sees and not hasattr(self.processor, "image_processor"):
            raise SightGraphError(
                f"the reader '{self.name}' looks at photographs, but its folder says not how. Its "
                "preprocessor_config.json or processor_config.json is missing."
            )
        self.model: Any = self._load(self._pretrained)
        self.model.eval()
        written = self.model.generation_config
        if written.pad_token_id is None:  # some models, such as BLIP, give their own to `generate`
            written.pad_token_id = self._tokenizer.pad_token_id or self._tokenizer.eos_token_id

    @property
    def sees(self) -> bool:
        return self.kind == IMAGE_TEXT

    def reply(self, prompt: str, image: Image.Image | None = None) -> str | None:
        """Return what the model writes after `prompt`, or None if the prompt is too long for it.

        image: RGB; needed by a model that `sees`, and not used by others.

        Raises:
            SightGraphError: the model needs a photograph and has none, or cannot take both.
        """
        import torch

        if self.sees and image is None:
            raise SightGraphError(f"the reader '{self.name}' needs the photograph. Give it one.")
        try:
            inputs = self._inputs(prompt, image)
            given = inputs["input_ids"]
            if given.shape[1] + self.max_new_tokens > self._longest():
                return None
            with torch.inference_mode():
                written = self.model.generate(
                    **inputs,
                    do_sample=False,
                    num_beams=1,
                    max_new_tokens=self.max_new_tokens,
                )
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            raise SightGraphError(
                f"the reader '{self.name}' cannot answer: {_reason(error)}. Take another model."
            ) from error
        begins = written[:, : given.shape[1]]
        if begins.shape == given.shape and bool((begins == given).all()):
            written = written[:, given.shape[1] :]
        return str(self._tokenizer.decode(written[0], skip_special_tokens=True))

    @property
    def _tokenizer(self) -> Any:
        return self.processor.tokenizer if self.sees else self.processor

    def _inputs(self, prompt: str, image: Image.Image | None) -> Any:
        """Return tensors by name; a model that was trained on chats is spoken to in its form."""
        if getattr(self.processor, "chat_template", None):
            content: Any = prompt
            if self.sees:
                content = [{"type": "image", "image": image}, {"type": "text", "text": prompt}]
            return self.processor.apply_chat_template(
                [{"role": "user", "content": content}],
                add_generation_prompt=True,
                enable_thinking=False,  # templates without it do not mind
                tokenize=True,
                return_dict=True,
                return_tensors="pt",
            )
        if not self.sees:
            found = self.processor(prompt, return_tensors="pt")
            found.pop("token_type_ids", None)
            return found
        place = getattr(self.processor, "image_token", None)
        # Processors whose token is no string put it in by themselves.
        text = f"{place}\n{prompt}" if isinstance(place, str) else prompt
        return self.processor(images=image, text=text, return_tensors="pt")

    def _longest(self) -> float:
        """Return how many tokens the model can hold; T5 and its like set no bound."""
        config = self.model.config.get_text_config()
        return getattr(config, "max_position_embeddings", None) or float("inf")

    def _pretrained(self, name: str, **options: Any) -> Any:
        """Load the weights, all of them: a layer left at random would talk nonsense."""
        model, info = _model_class(self.kind).from_pretrained(
            name, use_safetensors=True, dtype="auto", output_loading_info=True, **options
        )
        if info["missing_keys"]:
            missing = ", ".join(sorted(info["missing_keys"])[:3])
            raise ValueError(f"weights are missing ({missing})")
        return model

    def _load(self, load: Callable[..., Any]) -> Any:
        """Return `load(name)` from this machine, or else from the hub."""
        options: dict[str, Any] = {"trust_remote_code": False}
        try:
            try:
                return load(self.name, local_files_only=True, **options)
            except OSError:
                if Path(self.name).exists():
                    raise
                return load(self.name, **options)
        except _NOT_LOADED as error:
            raise SightGraphError(
                f"the reader '{self.name}' cannot be loaded: {_reason(error)}. Give a folder that "
                "save_pretrained wrote (safetensors), or go online once to fetch a model id."
            ) from error

    def _check_name(self) -> None:
        if not _HUB_ID.fullmatch(self.name) and not (self.name and Path(self.name).is_dir()):
            raise SightGraphError(
                f"there is no reader at '{self.name}'. Give a folder that save_pretrained wrote, "
                "or a model id such as Qwen/Qwen2.5-0.5B-Instruct."
            )


def _kind(config: Any, name: str) -> str:
    """Return the kind of the architecture that `config` names, or of its model type."""
    from transformers.models.auto import modeling_auto as auto

    known = {
        IMAGE_TEXT: auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
        SEQ2SEQ: auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES,
        CAUSAL: auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
    }
    named = next(iter(config.architectures or ()), None)
    for kind, classes in known.items():
        if named in classes.values() if named else config.model_type in classes:
            return kind
    raise SightGraphError(
        f"the reader '{name}' is a {named or config.model_type}, which writes no text. Take a "
        "causal, a sequence-to-sequence or an image-text-to-text model."
    )


def _model_class(kind: str) -> Any:
    import transformers

    names = {
        CAUSAL: "AutoModelForCausalLM",
        SEQ2SEQ: "AutoModelForSeq2SeqLM",
        IMAGE_TEXT: "AutoModelForImageTextToText",
    }
    return getattr(transformers, names[kind])


def _processor_class(kind: str) -> Any:
    import transformers

    return transformers.AutoProcessor if kind == IMAGE_TEXT else transformers.AutoTokenizer


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(".")
