"""Heads that choose: from a closed list, image tokens, candidates, yes and no, numbers, pairs."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from graph_fusion.fusion.base import Fused, Masks
from graph_fusion.fusion_model import Inputs
from graph_fusion.heads.base import (
    LOG_ZERO,
    NO_TARGET,
    Head,
    ItemScorer,
    Likeness,
    class_loss,
    masked_log_softmax,
    mean_where,
    mixed,
    mlp,
    parts_of,
    predict,
    soft_cross_entropy,
)
from kg.errors import SightGraphError


class ClosedHead(Head):
    """log softmax(MLP(x)) over a closed list of answers: [B, A].

    answers: length A of the list.
    """

    def __init__(self, hidden: int, answers: int) -> None:
        super().__init__()
        self.score = mlp(hidden, hidden, answers)

    def forward(self, fused: Fused, inputs: Inputs | None = None) -> Tensor:
        return predict(self.score, fused)

    def loss(self, log_probabilities: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy against soft scores [B, A]."""
        return soft_cross_entropy(log_probabilities, targets)


FIRST_COSINE_SCALE = 16.0
"""What a cosine counts at the start, against a bias in natural logs."""


class NamedAnswers(Head):
    """log softmax over answers a of s cos(W x, v_a) + b_a; v_a starts as the vector of a's name.

    So a rare answer is near what it means before training has seen it; b_a starts as the log of
    how often a is right.

    Shapes:
        names [A, H]: vectors of the answers' names; often [A]: how often each is right, > 0
        returns log-probabilities [B, A]
    """

    def __init__(self, names: Tensor, often: Tensor, dropout: float = 0.1) -> None:
        super().__init__()
        hidden = names.shape[1]
        self.query = nn.Linear(hidden, hidden)
        nn.init.eye_(self.query.weight)
        nn.init.zeros_(self.query.bias)
        self.names = nn.Parameter(F.normalize(names, dim=1))
        self.bias = nn.Parameter(torch.log(often / often.sum()))
        self.scale = nn.Parameter(torch.tensor(FIRST_COSINE_SCALE))
        self.dropout = nn.Dropout(dropout)

    def forward(self, fused: Fused, inputs: Inputs | None = None) -> Tensor:
        return predict(self.logits, fused)

    def logits(self, pooled: Tensor) -> Tensor:
        """Return the logits [..., A] of vectors [..., H]."""
        query = F.normalize(self.dropout(self.query(pooled)), dim=-1)
        return self.scale * query @ self.names.T + self.bias

    def loss(self, log_probabilities: Tensor, targets: Tensor) -> Tensor:
        """Return the cross-entropy against soft scores [B, A]."""
        return soft_cross_entropy(log_probabilities, targets)


class PointerHead(Head):
    """log softmax_i s([h_i; x_i], q): which of the candidates is the answer, [B, I].

    h_i is the fused token and x_i the token before the fusion, or what names it. A candidate that
    is masked out keeps its place and its name, but neither token.
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.score = ItemScorer(hidden, 2 * hidden)

    def forward(self, fused: Fused, inputs: Inputs) -> Tensor:
        there = inputs.masks.image if inputs.candidates is None else inputs.candidates
        before = inputs.image if inputs.names is None else inputs.names
        items = torch.cat([fused.tokens[:, : there.shape[1]], before], dim=2)
        vectors, shares = parts_of(fused)
        logits = self.score(items, vectors)
        return mixed(masked_log_softmax(logits, there.unsqueeze(1).expand_as(logits)), shares)

    def loss(self, log_probabilities: Tensor, right: Tensor) -> Tensor:
        """Return the mean of -log of the probability of all `right` [B, I] tokens together.

        `right` is bool; a sample without a right token is left out.
        """
        lowest = torch.finfo(log_probabilities.dtype).min
        each = -torch.logsumexp(log_probabilities.masked_fill(~right, lowest), dim=1)
        return mean_where(each, right.any(dim=1))


class ChoiceHead(Head):
    """p = softmax_c(s(x_c, q)): each candidate is scored with the question and the image.

    The candidate is an input, not a class (Jabri et al., ECCV 2016, section 3), so that
    candidates unseen in training can be chosen; their order does not matter.

    Shapes (C candidates at most, D text features):
        candidates [B, C, D]: vectors of the candidates' texts
        there [B, C]: which of them are, bool; None: all
        returns [B, C] log-probabilities, `LOG_ZERO` where no candidate is
    """

    def __init__(self, hidden: int, text_features: int) -> None:
        super().__init__()
        self.scorer = ItemScorer(hidden, text_features)

    def forward(self, fused: Fused, candidates: Tensor, there: Tensor | None = None) -> Tensor:
        query, shares = parts_of(fused)
        logits = self.scorer(candidates, query)
        if there is None:
            return mixed(logits.log_softmax(dim=-1), shares)
        each = masked_log_softmax(logits, there.unsqueeze(1).expand_as(logits))
        return mixed(each, shares).masked_fill(~there, LOG_ZERO)

    def loss(self, log_probabilities: Tensor, target: Tensor) -> Tensor:
        """Return the mean of -log p(target [B]); `NO_TARGET` leaves a sample out."""
        return class_loss(log_probabilities, target)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Shapes (B samples, L tokens):

    log_probabilities [B, 3]: of `YES`, `NO`, `UNKNOWN` (`graph_fusion.heads.graph`)
    attention [B, L]: where the head looked; sums to 1 over the tokens that are there
    """

    log_probabilities: Tensor
    attention: Tensor


class YesNoHead(Head):
    """p = softmax(MLP([q; v; q ⊙ v])), v = Σ_l a_l h_l, a = softmax_l(s(h_l, q)).

    q is the pooled vector: a "yes" may depend on one token with little weight in the
    pooled vector, so the head attends to the tokens once more.

    Shapes:
        fused: B samples of L = I + T tokens; masks: the same tokens
        returns `Verdict`
    """

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.looker = ItemScorer(hidden, hidden)
        self.out = mlp(3 * hidden, hidden, 3)

    def forward(self, fused: Fused, masks: Masks) -> Verdict:
        query, shares = parts_of(fused)
        there = masks.all.unsqueeze(1).expand(-1, query.shape[1], -1)
        looked = masked_log_softmax(self.looker(fused.tokens, query), there)
        seen = looked.exp() @ fused.tokens
        each = self.out(torch.cat([query, seen, query * seen], dim=-1)).log_softmax(dim=-1)
        return Verdict(mixed(each, shares), mixed(looked, shares).exp())

    def loss(self, verdict: Verdict, target: Tensor) -> Tensor:
        """Return the mean of -log p(target [B]); `NO_TARGET` leaves a sample out."""
        return class_loss(verdict.log_probabilities, target)


MOST = 20
"""Largest number that has a class of its own; the class after it means "more"."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Shapes (B samples, I image tokens):

    inside, outside [B, I]: log-probability that a token is, and is not, among those counted
    countable [B, I]: which tokens may be counted at all, bool
    numbers [B, most + 2]: log-probability of each number, the last of "more than `most`"
    """

    inside: Tensor
    outside: Tensor
    countable: Tensor
    numbers: Tensor

    @property
    def expected(self) -> Tensor:
        """The expected number [B], without a bound."""
        return self.inside.exp().sum(dim=1)


class CountHead(Head):
    """p(n) = P(Σ_l c_l = n), c_l ~ Bernoulli(σ(s(h_l, q))) independent: Poisson-binomial.

    Learns which tokens to count from numbers alone, and what it learnt holds for more tokens
    than it was trained on.

    Shapes:
        fused, masks: B samples of I image tokens (and text, which is not counted)
        countable [B, I]: bool; None: every image token
        returns `Counted`
    """

    def __init__(self, hidden: int, most: int = MOST) -> None:
        super().__init__()
        self.most = most
        self.scorer = ItemScorer(hidden, hidden)

    def forward(self, fused: Fused, masks: Masks, countable: Tensor | None = None) -> Counted:
        countable = masks.image if countable is None else masks.image & countable
        query, shares = parts_of(fused)
        logits = self.scorer(fused.tokens[:, : countable.shape[1]], query)
        inside = mixed(F.logsigmoid(logits), shares).masked_fill(~countable, LOG_ZERO)
        outside = mixed(F.logsigmoid(-logits), shares).masked_fill(~countable, 0.0)
        numbers = poisson_binomial(inside, outside, self.most)
        return Counted(inside, outside, countable, numbers)

    def loss(self, counted: Counted, target: Tensor, labels: Tensor | None = None) -> Tensor:
        """Return the mean of -log p(target), plus that of the labels where they are known.

        A target above the number of countable tokens means all of them: the detector has
        missed some, and no choice of tokens could reach it.

        Shapes:
            target [B]: true numbers, `NO_TARGET` where there is none
            labels [B, I]: 1 counted, 0 not, `NO_TARGET` unknown; None: all unknown
        """
        reachable = counted.countable.sum(dim=1).clamp_max(self.most + 1)
        total = class_loss(counted.numbers, torch.minimum(target, reachable))
        if labels is None:
            return total
        each = torch.where(labels == 1, -counted.inside, -counted.outside)
        return total + mean_where(each, counted.countable & (labels != NO_TARGET))


def poisson_binomial(inside: Tensor, outside: Tensor, most: int) -> Tensor:
    """Return log-probabilities of how many of L independent events happen.

    P_l(n) = P_{l-1}(n) (1 - p_l) + P_{l-1}(n - 1) p_l, in logs; exact, O(L · most).

    Shapes:
        inside, outside [B, L]: log p_l and log(1 - p_l)
        returns [B, most + 2]: 0, 1, ..., `most`, and more
    """
    numbers = inside.new_full((len(inside), most + 2), LOG_ZERO)
    numbers[:, 0] = 0.0
    below_more = torch.arange(most + 2, device=inside.device) <= most  # "more" stays "more"
    for happens, fails in zip(inside.unbind(1), outside.unbind(1), strict=True):
        stays = numbers + fails.unsqueeze(1) * below_more
        grows = F.pad(numbers[:, :-1] + happens.unsqueeze(1), (1, 0), value=LOG_ZERO)
        numbers = torch.logaddexp(stays, grows)
    return numbers


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
