"""Images, objects and questions of a folder as tokens and a graph, and the model over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from graph_fusion.encoders import ImageEncoder, TokenEncoder
from graph_fusion.encoders.base import Tokens, pad
from graph_fusion.encoders.features import FeatureTokens
from graph_fusion.encoders.text import LastUsed
from graph_fusion.fusion import Masks, TokenGraph
from graph_fusion.fusion_model import FusionModel, Inputs
from graph_fusion.training import Figures, Objective
from kg.vocabulary import MEANS
from pipelines.bench.folder_signals import FolderSignals
from pipelines.datasets.folder import FolderImage, FolderQuestion
from pipelines.photo import Photo
from pipelines.seeing.geometry import relations as spatial_relations

BESIDE, SHOWS, BEFORE = "beside", "shows", "before"
"""Relations from a cell to its neighbours, from a cell to the objects that cover its centre, and
from a vector of a modality to the next one in time."""
GIVEN, SPATIAL, PLACE, MENTION = range(4)
EDGE_FEATURES = 5
"""Kind of the edge, and its score."""
PLACE_FEATURES = 5
"""Box as shares of the image, and score."""
NEIGHBOUR = 1.01
"""Cells up to this multiple of the shortest distance between centres are neighbours."""
CACHED_IMAGES = 1 << 11
"""Images whose tokens are cached, if the image encoder is frozen."""

Link = tuple[int, int, str, int, float]
"""An edge between two objects: subject, object, relation, kind, score."""


def links(image: FolderImage, width: int, height: int) -> list[Link]:
    """Return the relations that are given, and the spatial ones that follow from the boxes."""
    found: list[Link] = [(s, o, relation, GIVEN, 1.0) for s, relation, o in image.relations]
    located = [(number, one.box) for number, one in enumerate(image.objects) if one.box]
    for (s, first), (o, second) in permutations(located, 2):
        spatial = spatial_relations(first, second, width, height)
        found += [(s, o, relation, SPATIAL, score) for relation, score in spatial.items()]
    return found


@dataclass(frozen=True, slots=True)
class SeenImage:
    """An image at the size that the encoder reads; black and not `there` where there is none.

    Shapes (K objects): pixels [3, S, S] uint8; boxes [K, 4] in its pixels, zeros without a box
    """

    number: int
    pixels: Tensor
    boxes: Tensor
    labels: tuple[str, ...]
    scores: tuple[float, ...]
    links: tuple[Link, ...]
    there: bool = True


def see(number: int, image: FolderImage, side: int) -> SeenImage:
    """Read an image.

    Raises:
        SightGraphError: it cannot be read.
    """
    if image.file is None:
        pixels = torch.zeros(3, side, side, dtype=torch.uint8)
        return SeenImage(number, pixels, torch.zeros(0, 4), (), (), (), there=False)
    photo = Photo.open(image.file)
    resized = photo.image.resize((side, side), Image.Resampling.BILINEAR)
    scale = torch.tensor([side / photo.width, side / photo.height] * 2)
    boxes = torch.tensor([one.box or (0.0,) * 4 for one in image.objects]).view(-1, 4)
    return SeenImage(
        number,
        torch.from_numpy(np.array(resized)).permute(2, 0, 1),
        boxes * scale,
        tuple(one.label for one in image.objects),
        tuple(one.score for one in image.objects),
        tuple(links(image, photo.width, photo.height)),
    )


@dataclass(frozen=True, slots=True)
class FolderBatch:
    """Questions, and each image that they are about once.

    Shapes (B questions, U images): row [B]: index into `images`; pixels [U, 3, S, S] in [0, 1];
        signals [B, K, D] and signal_masks [B, K] of each further modality
    """

    questions: tuple[FolderQuestion, ...]
    images: tuple[SeenImage, ...]
    row: Tensor
    pixels: Tensor
    signals: Mapping[str, Tensor] = field(default_factory=dict)
    signal_masks: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FolderInputs(Inputs):
    """Tokens, and what heads read beside them.

    questions: of the B samples. labels: of each sample's image tokens, None for grid cells.
    places [B, I, 4]: box of each image token in pixels of the resized image, zeros without one.
    words: of each sample's text tokens; "" where none is.
    options [B, C, D], option_mask [B, C]: vectors of the options of each question.
    texts [A, D]: vectors of the closed list of answers.
    """

    questions: tuple[FolderQuestion, ...]
    labels: tuple[tuple[str | None, ...], ...]
    places: Tensor
    words: tuple[tuple[str, ...], ...]
    options: Tensor
    option_mask: Tensor
    texts: Tensor


class FolderFront(nn.Module):
    """Image tokens: the encoder's, then one for each object, then those of other modalities.

    Text tokens are the text encoder's. With an encoder of regions, an object is one token: what
    its box shows, and its label.

    image_encoder: None: only the objects are seen. answers: the closed list, for heads that
        compare with the answers' names.
    as_words: text tokens of `hidden` features stay as they are, since the fusion's language model
        reads them as its word vectors.
    modalities: the features of each further modality's vectors, by its name.
    """

    def __init__(
        self,
        image_encoder: ImageEncoder | None,
        text_encoder: TokenEncoder,
        hidden: int,
        answers: tuple[str, ...],
        as_words: bool = False,
        modalities: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__()
        self.image_encoder = image_encoder
        self.text_encoder = text_encoder
        self.answers = answers
        self.regions = getattr(image_encoder, "features", None) == "region"
        self.look = None if image_encoder is None else nn.Linear(image_encoder.dim, hidden)
        self.label = nn.Linear(text_encoder.dim, hidden)
        self.place = nn.Linear(PLACE_FEATURES, hidden)
        same = as_words and text_encoder.dim == hidden
        self.text = None if same else nn.Linear(text_encoder.dim, hidden)
        self.signals = FeatureTokens(modalities, hidden) if modalities else None
        self._cache: LastUsed[int, Any] = LastUsed(CACHED_IMAGES)

    def forward(self, batch: FolderBatch) -> FolderInputs:
        tokens = None if self.image_encoder is None else self._encode(batch)
        cells = None if self.regions else tokens
        objects, mask = self._objects(batch, tokens if self.regions else None)
        places = pad([one.boxes for one in batch.images]).values.to(objects)
        first = 0
        if cells is not None and self.look is not None:
            first = cells.mask.shape[1]
            objects = torch.cat([self.look(cells.values), objects], dim=1)
            mask = torch.cat([cells.mask, mask], dim=1)
            assert cells.boxes is not None, "tokens of an image have places"
            places = torch.cat([cells.boxes.to(places), places], dim=1)
        there = mask.new_tensor([one.there for one in batch.images])
        mask = (mask & there.unsqueeze(1))[batch.row]
        image, places = torch.relu(objects)[batch.row], places[batch.row]
        image, mask, ranges = self._with_signals(batch, image, mask)
        words = self.text_encoder([one.text for one in batch.questions])
        masks, width = Masks(mask, words.mask, ranges), image.shape[1]
        places = nn.functional.pad(places, (0, 0, 0, width - places.shape[1]))
        labels = [
            (*(None,) * first, *one.labels, *(None,) * (width - first - len(one.labels)))
            for one in batch.images
        ]
        options = pad([self.embed(one.options) for one in batch.questions])
        return FolderInputs(
            image,
            words.values if self.text is None else torch.relu(self.text(words.values)),
            self._graph(batch, cells, first, masks, words),
            masks,
            batch.questions,
            tuple(labels[row] for row in batch.row.tolist()),
            places,
            words.names or (("",) * words.mask.shape[1],) * len(words),
            options.values,
            options.mask,
            self.embed(self.answers),
        )

    def _with_signals(
        self, batch: FolderBatch, image: Tensor, mask: Tensor
    ) -> tuple[Tensor, Tensor, dict[str, tuple[int, int]]]:
        """Return image tokens and mask with those of other modalities, and where each lies."""
        if self.signals is None:
            return image, mask, {}
        tokens = self.signals(batch.signals, batch.signal_masks)
        ranges, start = {}, image.shape[1]
        for name in self.signals.sizes:
            end = start + batch.signals[name].shape[1]
            ranges[name] = (start, end)
            start = end
        values = torch.cat([image, torch.relu(tokens.values)], dim=1)
        return values, torch.cat([mask, tokens.mask], dim=1), ranges

    def embed(self, texts: Sequence[str]) -> Tensor:
        """Return one vector for each text: [len(texts), D]."""
        if not texts:
            return next(self.label.parameters()).new_zeros(0, self.text_encoder.dim)
        vectors: Tensor = self.text_encoder(texts).pooled()
        return vectors

    def _encode(self, batch: FolderBatch) -> Tokens:
        """Return the image encoder's tokens; those of a frozen encoder are cached."""
        assert self.image_encoder is not None
        boxes = [one.boxes for one in batch.images] if self.regions else None
        if any(one.requires_grad for one in self.image_encoder.parameters()):
            return self.image_encoder(batch.pixels, boxes)  # type: ignore[no-any-return]
        found = [self._cache.get(one.number) for one in batch.images]
        new = [at for at, one in enumerate(found) if one is None]
        if new:
            chosen = None if boxes is None else [boxes[at] for at in new]
            tokens = self.image_encoder(batch.pixels[new], chosen)
            for row, at in enumerate(new):
                mask = tokens.mask[row]
                found[at] = tokens.values[row, mask].detach(), tokens.boxes[row, mask]
                self._cache.put(batch.images[at].number, found[at])
        values, places = zip(*found, strict=True)
        return pad(values, places)

    def _objects(self, batch: FolderBatch, regions: Tokens | None) -> tuple[Tensor, Tensor]:
        """Return the objects' tokens [U, K, H] before the activation, and their mask [U, K]."""
        names = sorted({label for one in batch.images for label in one.labels})
        row = {name: number for number, name in enumerate(names)}
        vectors = self.embed(names)
        side = batch.pixels.shape[-1]
        rows = []
        for one in batch.images:
            scores = one.boxes.new_tensor(one.scores).unsqueeze(1)
            places = torch.cat([one.boxes / side, scores], dim=1)
            chosen = torch.tensor([row[label] for label in one.labels], dtype=torch.long)
            rows.append(self.label(vectors[chosen.to(vectors.device)]) + self.place(places))
        objects = pad(rows)
        if regions is None or self.look is None:
            return objects.values, objects.mask
        return objects.values + self.look(regions.values), objects.mask

    def _graph(
        self, batch: FolderBatch, cells: Tokens | None, first: int, masks: Masks, words: Tokens
    ) -> TokenGraph:
        """Return all edges, each forward and backward; objects begin at image token `first`.

        The vectors of a further modality are joined in order, and each with the words that name
        the modality.
        """
        width, length = masks.image.shape[1], masks.all.shape[1]
        placed = [_placed(one, cells, at) for at, one in enumerate(batch.images)]
        edges: list[Link] = []
        present = masks.image.tolist()
        for number, at in enumerate(batch.row.tolist()):
            start, image = number * length, batch.images[at]
            object_ = start + first
            edges += [(object_ + a, object_ + b, *rest) for a, b, *rest in image.links]
            edges += [(start + a, start + b, name, PLACE, 1.0) for a, b, name in placed[at]]
            for token, word in enumerate(words.names[number] if words.names else ()):
                for place, label in enumerate(image.labels):
                    if word in label.split():
                        edges.append((start + width + token, object_ + place, MEANS, MENTION, 1.0))
            for name, (begin, end) in masks.others.items():
                there = [at for at in range(begin, end) if present[number][at]]
                edges += [(start + a, start + b, BEFORE, PLACE, 1.0) for a, b in pairwise(there)]
                for token, word in enumerate(words.names[number] if words.names else ()):
                    if word and word in name.split():
                        edges += [
                            (start + width + token, start + at, MEANS, MENTION, 1.0) for at in there
                        ]
        return self._token_graph(edges)

    def _token_graph(self, edges: Sequence[Link]) -> TokenGraph:
        device = self.label.weight.device
        names = sorted({relation for _, _, relation, _, _ in edges})
        row = {name: number for number, name in enumerate(names)}
        ends = torch.tensor([one[:2] for one in edges], dtype=torch.long, device=device).view(-1, 2)
        relation = torch.tensor([row[one[2]] for one in edges], dtype=torch.long, device=device)
        kind = torch.tensor([one[3] for one in edges], dtype=torch.long, device=device)
        scores = torch.tensor([one[4] for one in edges], device=device)
        kinds = nn.functional.one_hot(kind, EDGE_FEATURES - 1).to(scores.dtype)
        features = torch.cat([kinds, scores.unsqueeze(1)], dim=1)
        return TokenGraph(
            senders=torch.cat([ends[:, 0], ends[:, 1]]),
            receivers=torch.cat([ends[:, 1], ends[:, 0]]),
            weights=scores.repeat(2),
            relation=relation.repeat(2),
            backward=torch.arange(2 * len(edges), device=device) >= len(edges),
            relations=self.embed(names),
            features=features.repeat(2, 1),
        )


def _placed(image: SeenImage, cells: Tokens | None, row: int) -> list[tuple[int, int, str]]:
    """Return edges between neighbouring cells, and from cells to the objects that cover them."""
    if cells is None:
        return []
    there = cells.mask[row].nonzero().squeeze(1)
    centres = cells.centres[row, there]
    apart = torch.cdist(centres, centres)
    shortest = apart[apart > 0].min() if len(there) > 1 and bool((apart > 0).any()) else 0.0
    near = ((apart > 0) & (apart <= NEIGHBOUR * shortest)).triu()
    edges = [(int(there[a]), int(there[b]), BESIDE) for a, b in near.nonzero().tolist()]
    low, high = image.boxes[:, None, :2], image.boxes[:, None, 2:]
    covered = ((centres >= low) & (centres <= high)).all(2)
    first = cells.mask.shape[1]
    edges += [(int(there[b]), first + a, SHOWS) for a, b in covered.nonzero().tolist()]
    return edges


class FolderModel(FusionModel):
    """A `FusionModel` that fuses images and texts separately for a head of two towers."""

    def forward(self, batch: FolderBatch) -> Any:
        if not self.head.two_towers:
            return super().forward(batch)
        images, _ = self.fuse(batch, only="image")
        texts, inputs = self.fuse(batch, only="text")
        return self.head.match(images, texts, inputs)  # type: ignore[operator]


class FolderObjective(Objective[FolderModel, FolderBatch]):
    """The head's own loss; accuracy is the share of questions answered correctly."""

    def __init__(self, images: Sequence[SeenImage], signals: FolderSignals | None = None) -> None:
        self.images = images
        self.signals = signals or FolderSignals()

    def collate(self, examples: Sequence[FolderQuestion]) -> FolderBatch:
        numbers = sorted({one.image for one in examples})
        images = tuple(self.images[number] for number in numbers)
        return FolderBatch(
            tuple(examples),
            images,
            torch.tensor([numbers.index(one.image) for one in examples]),
            torch.stack([one.pixels for one in images]).float() / 255,
            *self.signals.batch(examples),
        )

    def loss(self, model: FolderModel, batch: FolderBatch) -> tuple[Tensor, Figures]:
        return model.head.loss(model(batch)), {}  # type: ignore[operator]

    def figures(self, model: FolderModel, batch: FolderBatch) -> Figures:
        correct = model.head.correct(model(batch))  # type: ignore[operator]
        return {"accuracy": (sum(correct), len(correct))}
