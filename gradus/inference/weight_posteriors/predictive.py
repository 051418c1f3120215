"""What a network says under weights drawn from their posterior, and how sure it is: entropy, and the part that the weights make."""

from __future__ import annotations

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import refusal
from gradus.arguments.tensors import concrete, tensor
from gradus.text import Text

__all__ = ["PredictiveDraws", "class_probabilities", "predictive_entropy", "predictive_information"]


class PredictiveDraws(NamedTuple):
    """A network's outputs on a batch under weights drawn from their posterior, all samples by the same draw.

    Attributes:
        outputs: (draws, n, …, C); logits for the properties that speak of classes, a single one being the log-odds of class 1.

    Example:
        >>> sure = PredictiveDraws(torch.tensor([[[9.0, -9.0]], [[-9.0, 9.0]]]))  # of different classes
        >>> sure
        PredictiveDraws(2 draws of shape (1, 2))
        >>> sure.probabilities, sure.entropy, sure.mutual_information
        (tensor([[0.5000, 0.5000]]), tensor([0.6931]), tensor([0.6931]))
    """

    outputs: Tensor

    def __repr__(self) -> str:
        return f"PredictiveDraws({len(self.outputs)} draws of shape {tuple(self.outputs.shape[1:])})"

    @property
    def mean(self) -> Tensor:
        """Of the outputs, (n, …, C)."""
        return self.outputs.mean(0)

    @property
    def variance(self) -> Tensor:
        """Of the outputs over the draws, (n, …, C), without bias; of a single draw NaN. The noise of the targets is not in it."""
        return self.outputs.var(0)

    @property
    def probabilities(self) -> Tensor:
        """Of the classes, (n, …, k): the mean of each draw's, not those of the mean output."""
        return class_probabilities(self.outputs).mean(0)

    @property
    def entropy(self) -> Tensor:
        """Of the class, in nats, (n, …); see `predictive_entropy`."""
        return predictive_entropy(class_probabilities(self.outputs))

    @property
    def mutual_information(self) -> Tensor:
        """Of class and weights, in nats, (n, …); see `predictive_information`."""
        return predictive_information(class_probabilities(self.outputs))


def predictive_entropy(probabilities: Float[Tensor, "draws *samples k"]) -> Float[Tensor, "*samples"]:
    r"""How unsure a prediction is that averages over draws of the weights: the entropy of the mean, in nats.

    .. math:: H\Bigl[\tfrac1S\sum_sp_s\Bigr]=-\sum_c\bar p_c\ln\bar p_c

    Args:
        probabilities: of the k classes under each draw, (S, …, k), each sum 1 up to rounding. For the entropy of probabilities (…, k)
            give them as one draw, `p[None]`.

    Returns:
        (…), from 0 to ln k.

    Raises:
        GradusError: no draw or class, numbers below 0, or sums that are not 1.

    Cost: O(S k) a sample.

    Source: Gal and Ghahramani 2016.

    Example:
        >>> import torch
        >>> predictive_entropy(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        tensor(0.6931)
    """
    return _entropy(_checked(probabilities).mean(0))


def predictive_information(probabilities: Float[Tensor, "draws *samples k"]) -> Float[Tensor, "*samples"]:
    r"""What the class would tell of the weights, and more data could settle: the mutual information of class and weights, in nats.

    .. math:: I=H\Bigl[\tfrac1S\sum_sp_s\Bigr]-\tfrac1S\sum_sH[p_s]=\tfrac1S\sum_s\mathrm{KL}(p_s\,\|\,\bar p)\ \ge0

    The rest of the entropy is what the draws agree to be unsure of. Sought by active learning (BALD). Of S draws it is at most ln S, and
    on average below that of all draws.

    Args:
        probabilities: as `predictive_entropy` takes them; a single draw has 0.

    Returns:
        (…), from 0 to the entropy.

    Raises:
        GradusError: as `predictive_entropy`.

    Cost: O(S k) a sample.

    Source: Houlsby et al. 2011.

    Example:
        >>> import torch
        >>> predictive_information(torch.tensor([[0.5, 0.5], [0.5, 0.5]]))  # unsure, and of one mind
        tensor(0.)
        >>> predictive_information(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        tensor(0.6931)
    """
    p = _checked(probabilities)
    mean = p.mean(0)
    ratio = torch.where(p > 0, p, 1.0).log() - torch.where(mean > 0, mean, 1.0).log()
    return (p * ratio).sum(-1).mean(0).clamp(min=0)


def class_probabilities(outputs: Tensor) -> Tensor:
    """(…, k) of logits (…, C): the softmax, or both classes' where there is one log-odds."""
    if outputs.shape[-1] == 1:
        return torch.cat([(-outputs).sigmoid(), outputs.sigmoid()], -1)
    return outputs.softmax(-1)


def _entropy(p: Tensor) -> Tensor:
    found: Tensor = torch.special.entr(p).sum(-1)
    return found


def _checked(probabilities: Tensor) -> Tensor:
    p = tensor("probabilities", probabilities, finite=True)
    if p.dim() < 2 or not len(p) or not p.shape[-1]:
        shape = str(tuple(p.shape))
        raise refusal("probabilities", ("draws, samples, classes (S, …, k)", "（抽样，样本，类别）(S, …, k)"), Text(shape, shape), ("give one draw as p[None]", "单次抽样请写成 p[None]"))  # fmt: skip
    if concrete(p) and p.numel():
        off = float((p.sum(-1) - 1).abs().max())
        if float(p.min()) < 0 or off > 1e-6 + 4 * p.shape[-1] * torch.finfo(p.dtype).eps:
            came = Text(
                f"least {float(p.min()):.3g}, sums off by {off:.3g}",
                f"最小值 {float(p.min()):.3g}，和与 1 相差 {off:.3g}",
            )
            raise refusal("probabilities", ("probabilities that sum to 1", "和为 1 的概率"), came, ("give outputs.softmax(-1)", "请给出 outputs.softmax(-1)"))  # fmt: skip
    return p.to(torch.promote_types(p.dtype, torch.float32))
