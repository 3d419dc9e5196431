"""Which text belongs to which photograph: for retrieval."""

from __future__ import annotations

import torch
from torch import Tensor

from graph_fusion.fusion.base import Fused
from graph_fusion.heads.base import Head, Likeness, mlp, parts_of, soft_cross_entropy
from kg.errors import SightGraphError


class MatchingHead(Head):
    """Scores M photographs against N texts; InfoNCE both ways (Radford et al., ICML 2021).

    Two towers (`forward`): each side is fused alone, with the other's mask all False, and the
    scores are cosines with a learnt temperature; a million texts can be encoded beforehand.
    Fused (`pairs`): each pair goes through the fusion, which sees more and takes M · N runs.

    Shapes:
        images, texts: `Fused` of M and of N samples
        returns [M, N] logits; of `parts`, the log of the mean of exp, weighted by shares
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.likeness = Likeness(hidden, hidden, hidden)
        self.pair = mlp(hidden, hidden, 1)

    def forward(self, images: Fused, texts: Fused) -> Tensor:
        left, left_shares = parts_of(images)
        right, right_shares = parts_of(texts)
        each = self.likeness(left.flatten(0, 1), right.flatten(0, 1))
        each = each + left_shares.flatten().unsqueeze(1) + right_shares.flatten()
        each = each.view(*left_shares.shape, *right_shares.shape)
        return torch.logsumexp(each, dim=(1, 3))

    def pairs(self, fused: Fused, images: int) -> Tensor:
        """Score pairs that were fused together, [M, N].

        Shapes:
            fused: M · N samples, each of `images` (M) photographs with each text, one
                photograph after another
        Raises:
            SightGraphError: the number of pairs is no multiple of `images`.
        """
        if images < 1 or len(fused.pooled) % images:
            raise SightGraphError(
                f"{len(fused.pooled)} pairs cannot be of {images} photographs. "
                "Fuse each photograph with every text."
            )
        vectors, shares = parts_of(fused)
        scores = torch.logsumexp(self.pair(vectors).squeeze(-1) + shares, dim=1)
        return scores.view(images, -1)

    def loss(self, scores: Tensor, together: Tensor | None = None) -> Tensor:
        """Return the mean of both directions' cross-entropy, [].

        Shapes:
            scores [M, N]
            together [M, N]: which belong together, bool; rows and columns may have several
                (five captions of a photograph) or none; None: the diagonal
        """
        if together is None:
            together = torch.eye(*scores.shape, device=scores.device)
        together = together.to(scores.dtype)
        texts = soft_cross_entropy(scores.log_softmax(dim=1), together)
        images = soft_cross_entropy(scores.T.log_softmax(dim=1), together.T)
        return (texts + images) / 2


def recall_at(scores: Tensor, together: Tensor, k: int) -> float:
    """Return in which share of the rows one that belongs there is among the `k` best.

    Of equal scores, the wrong one is taken to stand before the right one, so that a model
    that scores all alike gets no credit. Rows with none to be found are left out.

    Shapes:
        scores [M, N]; together [M, N]: bool

    Raises:
        SightGraphError: a score is NaN, or no row has one to be found.
    """
    if scores.isnan().any():
        raise SightGraphError("a score is NaN: nothing can be ranked. Check the model's weights.")
    asked = together.any(dim=1)
    if not asked.any():
        raise SightGraphError("no row has one that belongs to it: recall is not defined.")
    lowest = float("-inf")
    best = scores.masked_fill(~together, lowest).amax(dim=1, keepdim=True)
    before = ((scores >= best) & ~together).sum(dim=1)
    return float((before < k)[asked].float().mean())
