"""Readers: tiny models, taught a few replies by heart, saved and loaded as those of the hub are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from kg.errors import SightGraphError
from kg.graph import Edge, Node, SceneGraph
from kg.vocabulary import EdgeKind, NodeKind
from pipelines.answering.evidence import DONT_KNOW, Answer, Candidate, Evidence, completed
from pipelines.answering.language_models import CAUSAL, IMAGE_TEXT, SEQ2SEQ, LanguageModel
from pipelines.answering.reader import CitableStatement, Reader, Reply, prompt, statements
from pipelines.photo import Photo

WIDTH = 32
IMAGE_TOKEN = "<image>"
SPECIAL = ["<pad>", "</s>", "<unk>", IMAGE_TOKEN]
REPLIES = {
    "What does it burn?": "petrol [1]",
    "What if it is quiet?": "electricity power [2]",
    "What is its name?": "harley",
    "Whose is it?": "petrol [99]",
    "Why?": "[1]",
    "What is behind it?": "wall [3]",
}
"""What the tiny models are taught to say."""


def answered(question: str = "What does it burn?", text: str = "petrol") -> Answer:
    """An answer with two candidates, and a fact for each."""
    graph = SceneGraph(text=question)
    graph.add(Node("object:0", NodeKind.OBJECT, "motorcycle", "bundled", 0.9, (1, 2, 30, 40)))
    graph.add(Node("sg:motorcycle", NodeKind.CONCEPT, "motorcycle", "vehicles.ttl"))
    link = graph.connect(Edge("object:0", "sg:motorcycle", EdgeKind.LINK, "means", "linker", 0.8))
    facts = []
    for name in ("petrol", "electricity"):
        graph.add(Node(f"sg:{name}", NodeKind.CONCEPT, name, "vehicles.ttl"))
        fact = Edge("sg:motorcycle", f"sg:{name}", EdgeKind.FACT, "powered by", "vehicles.ttl")
        facts.append(graph.connect(fact))
    candidates = completed((Candidate("petrol", 0.6), Candidate("electricity", 0.3)))
    evidence = Evidence.from_path(graph, (link, facts[0]), strength={link: 1.0, facts[0]: 0.7})
    return Answer(question, text, candidates, evidence, graph, {"total": 1.0}, {"parser": "p"})


def prompt_of(answer: Answer) -> str:
    return prompt(answer.question, statements(answer), [one.text for one in answer.guesses])


def tokenizer_of(texts: Iterable[str]) -> PreTrainedTokenizerFast:
    """Return a tokenizer of whole words and single signs that knows all of `texts`."""
    signs = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    words = {word for text in texts for word, _ in signs.pre_tokenize_str(text)}
    numbered = {word: number for number, word in enumerate([*SPECIAL, *sorted(words)])}
    tokenizer = Tokenizer(models.WordLevel(numbered, unk_token="<unk>"))
    tokenizer.pre_tokenizer = signs
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        additional_special_tokens=[IMAGE_TOKEN],
    )


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Threads only get in each other's way in models this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    prompts = [prompt_of(answered(question)) for question in REPLIES]
    return tokenizer_of([*prompts, *REPLIES.values()])


def llama(tokenizer: PreTrainedTokenizerFast, longest: int = 512) -> LlamaConfig:
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=longest,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def teach(model: Any, loss: Callable[[], torch.Tensor], enough: float = 0.05) -> None:
    """Train until the replies are known by heart."""
    torch.manual_seed(0)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(300):
        value = loss()
        if float(value.detach()) < enough:
            return
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
    pytest.fail(f"the replies were not learnt: loss {float(value.detach()):.3f}")


def continued(tokenizer: Any, prompts: list[Any], replies: list[str]) -> dict[str, torch.Tensor]:
    """Return tokens [B, T] of prompts, each with its reply, and labels [B, T] of the replies."""
    rows = []
    for given, reply in zip(prompts, replies, strict=True):
        said = [*tokenizer(reply)["input_ids"], tokenizer.eos_token_id]
        rows.append((given + said, [-100] * len(given) + said))
    longest = max(len(row) for row, _ in rows)
    padded = [
        (row + [tokenizer.pad_token_id] * more, labels + [-100] * more, [1] * len(row) + [0] * more)
        for row, labels in rows
        if (more := longest - len(row)) >= 0
    ]
    names = ("input_ids", "labels", "attention_mask")
    return {
        name: torch.tensor(column)
        for name, column in zip(names, zip(*padded, strict=True), strict=True)
    }


@pytest.fixture(scope="module")
def causal(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = LlamaForCausalLM(llama(tokenizer))
    prompts = [tokenizer(prompt_of(answered(question)))["input_ids"] for question in REPLIES]
    batch = continued(tokenizer, prompts, list(REPLIES.values()))
    teach(model, lambda: model(**batch).loss)
    return saved(model, tokenizer, tmp_path_factory.mktemp("causal"))


def saved(model: Any, processor: Any, folder: Path) -> Path:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def reader(causal: Path) -> Reader:
    return Reader(causal)


def test_reply_that_cites_the_graphs_fact_is_taken(reader: Reader, causal: Path) -> None:
    before = answered("What does it burn?")
    after = reader(before)
    assert (after.text, after.confidence) == ("petrol", before.confidence)
    assert after.models == {"parser": "p", "reader": str(causal)}
    assert after.evidence.path == before.evidence.path
    assert after.evidence.facts == before.evidence.facts
    assert after.evidence.weights == before.evidence.weights
    assert after.timings_ms["total"] == 1.0 + after.timings_ms["read"]


def test_other_candidate_in_other_words_brings_its_confidence_and_fact(reader: Reader) -> None:
    after = reader(answered("What if it is quiet?"))
    assert (after.text, after.confidence) == ("electricity power", 0.3)
    (fact,) = after.evidence.facts
    assert fact.target == "sg:electricity"
    assert [edge.kind for edge in after.evidence.path] == [EdgeKind.LINK, EdgeKind.FACT]
    assert [node.id for node in after.evidence.objects] == ["object:0"]


def test_what_was_seen_can_be_cited_and_leaves_no_fact(reader: Reader) -> None:
    after = reader(answered("What is behind it?"))
    assert (after.text, after.confidence) == ("wall", 0.6)
    assert after.evidence.facts == ()
    assert [node.id for node in after.evidence.objects] == ["object:0"]


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("What is its name?", "it cites no statement"),
        ("Whose is it?", "there is no statement 99"),
        ("Why?", "it cites, but answers nothing"),
    ],
)
def test_refused_reply_leaves_the_answer_and_says_why(
    reader: Reader, question: str, why: str
) -> None:
    before = answered(question)
    after = reader(before)
    assert (after.text, after.confidence) == (before.text, before.confidence)
    assert after.evidence == before.evidence
    assert f"refused, {why}; the graph's own answer stays" in after.models["reader"]


def test_where_the_graph_does_not_know_only_its_candidates_are_taken(reader: Reader) -> None:
    unknown = answered("What does it burn?", DONT_KNOW)
    assert (reader(unknown).text, reader(unknown).confidence) == ("petrol", 0.6)
    other = answered("What is behind it?", DONT_KNOW)
    assert reader(other).text == DONT_KNOW
    assert "none of the graph's candidates" in reader(other).models["reader"]


def test_without_a_statement_the_reader_is_not_asked(reader: Reader) -> None:
    nothing = Answer("Why?", DONT_KNOW, completed(()), Evidence(), SceneGraph())
    assert "there is nothing to cite" in reader(nothing).models["reader"]


def test_same_question_gives_the_same_answer(reader: Reader) -> None:
    first, second = (reader(answered("What if it is quiet?")) for _ in range(2))
    assert first.as_json() | {"timings_ms": {}} == second.as_json() | {"timings_ms": {}}


def test_random_weights_are_refused_or_cite(tokenizer: Any, tmp_path: Path) -> None:
    torch.manual_seed(1)
    folder = saved(LlamaForCausalLM(llama(tokenizer)), tokenizer, tmp_path)
    before = answered()
    assert "refused" in (after := Reader(folder)(before)).models["reader"]
    assert after.text == before.text


def test_prompt_that_is_too_long_loses_its_last_statements(tokenizer: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    answer = answered()
    whole = len(tokenizer(prompt_of(answer))["input_ids"])
    folder = saved(LlamaForCausalLM(llama(tokenizer, whole + 47)), tokenizer, tmp_path / "one")
    model = LanguageModel(folder)
    assert model.reply(prompt_of(answer)) is None
    assert model.reply(prompt(answer.question, statements(answer)[:1], ["petrol"])) is not None
    tiny = saved(LlamaForCausalLM(llama(tokenizer, 60)), tokenizer, tmp_path / "two")
    assert "too long" in Reader(tiny)(answer).models["reader"]


def test_chat_models_are_spoken_to_in_their_form(
    tokenizer: PreTrainedTokenizerFast, causal: Path, tmp_path: Path
) -> None:
    """The template puts a prompt that the model knows in place of the user's."""
    plain = LanguageModel(causal)
    known = prompt_of(answered("What does it burn?"))
    plain.processor.chat_template = known
    folder = saved(plain.model, plain.processor, tmp_path)
    chatting = LanguageModel(folder)
    assert Reply.parse(chatting.reply("anything else") or "").text == "petrol"


def test_sequence_to_sequence_models_answer(tokenizer: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=WIDTH,
        d_kv=16,
        d_ff=2 * WIDTH,
        num_layers=2,
        num_heads=2,
        dropout_rate=0.0,
        decoder_start_token_id=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = T5ForConditionalGeneration(config)
    taught = {name: REPLIES[name] for name in ("What does it burn?", "What if it is quiet?")}
    given = tokenizer(
        [prompt_of(answered(name)) for name in taught], padding=True, return_tensors="pt"
    )
    said = tokenizer(
        [f"{reply} </s>" for reply in taught.values()], padding=True, return_tensors="pt"
    )["input_ids"]
    labels = said.masked_fill(said == tokenizer.pad_token_id, -100)
    inputs = {name: given[name] for name in ("input_ids", "attention_mask")}
    teach(model, lambda: model(**inputs, labels=labels).loss)
    reader = Reader(saved(model, tokenizer, tmp_path))
    assert reader.model.kind == SEQ2SEQ
    assert reader(answered("What does it burn?")).text == "petrol"
    assert reader(answered("What if it is quiet?")).confidence == 0.3


def test_vision_language_models_look_at_the_photograph(tokenizer: Any, tmp_path: Path) -> None:
    """The same prompt gets another answer for another photograph."""
    torch.manual_seed(0)
    vision = CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=16,
        patch_size=8,
        projection_dim=WIDTH,
    )
    number = tokenizer.convert_tokens_to_ids(IMAGE_TOKEN)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=vision,
            text_config=llama(tokenizer),
            image_token_index=number,
            vision_feature_layer=-1,
        )
    )
    sizes = {"height": 16, "width": 16}
    processor = LlavaProcessor(
        CLIPImageProcessor(size=sizes, crop_size=sizes),
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        image_token=IMAGE_TOKEN,
        num_additional_image_tokens=1,
    )
    photos = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    question = answered()
    taught = processor(images=photos, text=[f"{IMAGE_TOKEN}\n{prompt_of(question)}"] * 2)
    replies = ["petrol [1]", "electricity [2]"]
    batch = continued(tokenizer, list(map(list, taught["input_ids"])), replies)
    pixels = torch.stack([torch.as_tensor(one) for one in taught["pixel_values"]])
    teach(model, lambda: model(**batch, pixel_values=pixels).loss)
    reader = Reader(saved(model, processor, tmp_path))
    assert reader.model.kind == IMAGE_TEXT
    said = [reader(question, Photo(photo, "made")).text for photo in photos]
    assert said == ["petrol", "electricity"]
    with pytest.raises(SightGraphError, match="needs the photograph"):
        reader(question)


def test_kind_is_read_off_the_architecture(reader: Reader) -> None:
    assert reader.model.kind == CAUSAL
    assert not reader.model.sees


def test_models_that_write_nothing_are_refused(tokenizer: Any, tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=WIDTH,
    )
    folder = saved(BertForMaskedLM(config), tokenizer, tmp_path)
    with pytest.raises(SightGraphError, match="BertForMaskedLM, which writes no text"):
        LanguageModel(folder)


@pytest.mark.parametrize("name", ["./nowhere", "/nowhere/at/all", "a b", ""])
def test_folder_that_is_not_there_is_named_without_a_look_at_the_hub(name: str) -> None:
    with pytest.raises(SightGraphError, match="there is no reader at"):
        LanguageModel(name)


def test_only_safetensors_are_read(tokenizer: Any, tmp_path: Path) -> None:
    model = LlamaForCausalLM(llama(tokenizer))
    folder = saved(model, tokenizer, tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    with pytest.raises(SightGraphError, match="cannot be loaded"):
        LanguageModel(folder)


def test_missing_weights_are_not_left_at_random(tokenizer: Any, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = saved(LlamaForCausalLM(llama(tokenizer)), tokenizer, tmp_path)
    weights = load_file(folder / "model.safetensors")
    weights.pop("model.layers.1.mlp.up_proj.weight")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(SightGraphError, match="up_proj"):
        LanguageModel(folder)


def test_statements_are_the_evidence_then_other_candidates_then_objects() -> None:
    assert [(one.text, one.supports) for one in statements(answered())] == [
        ("motorcycle powered by petrol", "petrol"),
        ("motorcycle powered by electricity", "electricity"),
        ("seen: motorcycle at [1, 2, 30, 40]", None),
    ]


def test_prompt_numbers_statements_and_names_the_candidates() -> None:
    text = prompt("What?", [CitableStatement("a is b"), CitableStatement("c is d")], ["b", "d"])
    assert "[1] a is b\n[2] c is d\n" in text
    assert "b, d" in text
    assert text.endswith("Question: What?\nAnswer:")


@pytest.mark.parametrize(
    ("written", "text", "numbers"),
    [
        (" petrol [1]", "petrol", (1,)),
        ("Answer: It burns petrol [ 2 , 1 ].", "It burns petrol", (2, 1)),
        ("petrol [1] and diesel [3][1]\nQuestion: what? [7]", "petrol and diesel", (1, 3)),
        ("petrol\n[2]\nmore", "petrol", (2,)),
        ("petrol (1)", "petrol (1)", ()),
        ("[1]", "", (1,)),
        ("", "", ()),
    ],
)
def test_replies_are_taken_apart(written: str, text: str, numbers: tuple[int, ...]) -> None:
    assert Reply.parse(written) == Reply(text, numbers)
