"""Dropout left on in prediction: each mask is taken for a draw of the weights."""

from __future__ import annotations

from collections.abc import Iterable

from torch import Tensor, nn

from gradus.arguments import whole
from gradus.inference.weight_posteriors.predictive import PredictiveDraws
from gradus.theory.dropout_predictions import dropout_predictions

__all__ = ["mc_dropout"]


def mc_dropout(
    model: nn.Module,
    inputs: Tensor,
    draws: int = 100,
    *,
    layers: Iterable[nn.Module] | None = None,
    seed: int = 0,
) -> PredictiveDraws:
    r"""What a network predicts under masks drawn by its own dropout layers (Monte Carlo dropout).

    .. math:: p(y\mid x)\approx\frac1S\sum_{s=1}^S\operatorname{softmax}f(x;\,m_s\odot w)_y

    Dropout alone is switched on; batch normalisation and all else is in evaluation, and the model is left as it was. At rate 0 it is the
    model's own prediction. The rate is the modeller's choice: what is drawn is no posterior that narrows by itself as data come in.

    Args:
        model: from a batch to one tensor; in any mode.
        inputs: a batch (n, …).
        draws: S ≥ 2, passes; each sample has its own mask in each.
        layers: the modules whose own `training` is switched on; those of torch.nn that drop unless given.
        seed: of the masks.

    Returns:
        The `PredictiveDraws`. Moments of the outputs over *all* masks, and their standard error: `gradus.theory.dropout_predictions`.

    Raises:
        GradusError: no dropout layer, inputs that the model does not take, or outputs that are no tensor of finite real numbers.

    Cost: S + 1 forward passes; the outputs of all are held.

    Source: Gal and Ghahramani 2016; for the caveat Osband 2016.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.ReLU(), torch.nn.Dropout(0.0), torch.nn.Linear(8, 2))
        >>> x = torch.ones(4, 3)
        >>> bool((mc_dropout(model, x, 5).outputs == model(x)).all())  # nothing is dropped
        True
    """
    whole("draws", draws, least=2, most=10**7)
    return PredictiveDraws(dropout_predictions(model, inputs, draws, layers=layers, seed=seed).outputs)
