"""What a run of adversarial training leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gradus.text import Text

__all__ = ["AdversarialTraining"]

WINDOW = 50  # turns without a break before something is called so
SURE = 1e-3  # what a discriminator at most believes of samples that it is sure of
ALONE = 0.01  # of the spread of the real samples: less is one point


@dataclass(frozen=True, eq=False, repr=False)
class AdversarialTraining:
    """A record of adversarial training, a number a turn.

    Attributes:
        kind: of the loss.
        discriminator_loss: without the penalty: 2 ln 2 = 1.386 where it cannot tell at all, 0 where it is sure; of a critic minus its estimate of the distance.
        generator_loss: as its kind says.
        accuracy: share of the discriminator's batches that it told right by the sign of the score.
        belief: mean of D = σ(score) on generated samples: the size of the minimax loss's slope in the score.
        generator_gradient: length of the gradient of all parameters of the generator.
        spread: deviation of the generated samples of a batch over that of the real ones.

    Example:
        >>> found = AdversarialTraining.empty("minimax", 3)
        >>> found.put(0, {"discriminator_loss": 1.386})
        >>> found
        AdversarialTraining(minimax, 3 turns, no warning)
    """

    kind: str
    discriminator_loss: Tensor
    generator_loss: Tensor
    accuracy: Tensor
    belief: Tensor
    generator_gradient: Tensor
    spread: Tensor

    @classmethod
    def empty(cls, kind: str, turns: int) -> AdversarialTraining:
        """A record to be filled."""
        return cls(kind, *(torch.full((turns,), torch.nan, dtype=torch.float64) for _ in range(6)))

    def put(self, turn: int, row: dict[str, float]) -> None:
        """Writes down a turn."""
        for name, value in row.items():
            getattr(self, name)[turn] = value

    @property
    def warnings(self) -> tuple[Text, ...]:
        """What went wrong for 50 turns or more at a time, with the turn at which it first began."""
        found = []
        if self.kind != "wasserstein":
            sure = _first((self.belief < SURE) & (self.accuracy == 1))
            if sure is not None:
                found.append(self._perfect(sure))
        alone = _first(self.spread < ALONE)
        if alone is not None:
            found.append(
                Text(
                    f"from turn {alone}: the generated samples are nearly all the same",
                    f"自第 {alone} 轮起：生成的样本几乎全都相同",
                )
            )
        return tuple(found)

    def _perfect(self, turn: int) -> Text:
        en = f"from turn {turn}: the discriminator is perfect, it is sure of every sample"
        zh = f"自第 {turn} 轮起：判别器已完美，对每个样本都确信无疑"
        if self.kind == "minimax":
            return Text(
                en + "; the gradient of the minimax loss has vanished: take kind='non-saturating'",
                zh + "；minimax 损失的梯度已消失：请用 kind='non-saturating'",
            )
        return Text(
            en + "; slow it down (discriminator_rate) or penalise its gradient (penalty)",
            zh + "；请放慢它（discriminator_rate）或惩罚其梯度（penalty）",
        )

    def __repr__(self) -> str:
        told = "; ".join(w.en for w in self.warnings) or "no warning"
        return f"AdversarialTraining({self.kind}, {len(self.accuracy)} turns, {told})"


def _first(bad: Tensor) -> int | None:
    """Where the first run of `WINDOW` in a row begins."""
    count = 0
    for turn, here in enumerate(bad.tolist()):
        count = count + 1 if here else 0
        if count == WINDOW:
            return turn - WINDOW + 1
    return None
