"""The losses that are functions of outputs and targets alone, and what their means are taken over.

Of an arbitrary function neither can be known: it may hold the weights in a closure. So PyTorch's own are recognised, by
identity and exact type, and every other loss is one that must be recorded, and whose mean counts samples.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.training.attachments import is_attached

MODULES = {
    "cross_entropy": nn.CrossEntropyLoss, "nll_loss": nn.NLLLoss, "mse_loss": nn.MSELoss, "l1_loss": nn.L1Loss,
    "smooth_l1_loss": nn.SmoothL1Loss, "huber_loss": nn.HuberLoss, "binary_cross_entropy": nn.BCELoss,
    "binary_cross_entropy_with_logits": nn.BCEWithLogitsLoss, "kl_div": nn.KLDivLoss, "poisson_nll_loss": nn.PoissonNLLLoss,
    "soft_margin_loss": nn.SoftMarginLoss, "hinge_embedding_loss": nn.HingeEmbeddingLoss,
    "multi_margin_loss": nn.MultiMarginLoss, "multilabel_margin_loss": nn.MultiLabelMarginLoss,
    "multilabel_soft_margin_loss": nn.MultiLabelSoftMarginLoss,
}  # fmt: skip
_FUNCTIONS = {getattr(F, name): name for name in MODULES}
_NAMES = {kind: name for name, kind in MODULES.items()}
_FORWARDS: dict[type[Any], Any] = {kind: vars(kind)["forward"] for kind in _NAMES}
OF_CLASSES = ("cross_entropy", "nll_loss", "multi_margin_loss", "multilabel_margin_loss")


@dataclass(frozen=True)
class KnownLoss:
    """A loss of PyTorch's own: the name of its function, and its options."""

    name: str
    options: Mapping[str, Any]

    @property
    def is_sum(self) -> bool:
        """Whether it is a sum over the batch, not a mean."""
        return self.options.get("reduction", "mean") == "sum"

    @property
    def is_plain_cross_entropy(self) -> bool:
        """Whether it is the cross-entropy with default settings."""
        plain = self.options.get("weight") is None and self.options.get("label_smoothing", 0.0) == 0.0
        default = (
            self.options.get("ignore_index", -100) == -100 and self.options.get("reduction", "mean") == "mean"
        )
        return self.name == "cross_entropy" and plain and default

    def counts(self, targets: Tensor) -> Tensor | None:
        """By how much each sample counts in the mean; None where all count alike.

        Of class numbers those ignored do not count, the others by the weights of their classes.
        """
        if self.name not in ("cross_entropy", "nll_loss") or targets.is_floating_point():
            return None
        ignored = targets == self.options.get("ignore_index", -100)
        weight = self.options.get("weight")
        if weight is None and not bool(ignored.any()):
            return None
        if weight is None:
            counts = (~ignored).double()
        else:
            classes = targets.masked_fill(ignored, 0).long()
            if not bool(((classes >= 0) & (classes < len(weight))).all()):
                return None  # the loss itself says so better
            counts = weight.to(targets.device).double()[classes].masked_fill(ignored, 0.0)
        return counts.reshape(len(targets), -1).sum(1)


def mean_of_outputs(outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of a model whose outputs are the losses of the samples: their mean, whatever the targets are."""
    return outputs.mean()


def known_loss(loss: Any) -> KnownLoss | None:
    """The loss as one of PyTorch's own; None for any other, and for one that somebody watches or has changed."""
    if isinstance(loss, nn.Module):
        return _known_module(loss)
    options: Mapping[str, Any] = {}
    if type(loss) is functools.partial and not loss.args:
        loss, options = loss.func, loss.keywords
    if not any(loss is function for function in _FUNCTIONS) or not all(map(_plain, options.values())):
        return None
    # the two options of old are another spelling of `reduction`
    return None if {"size_average", "reduce"} & set(options) else KnownLoss(_FUNCTIONS[loss], options)


def _known_module(loss: nn.Module) -> KnownLoss | None:
    kind = type(loss)
    if kind not in _NAMES or vars(kind)["forward"] is not _FORWARDS[kind] or is_attached(loss):
        return None
    options = {k: v for k, v in vars(loss).items() if not k.startswith("_") and k != "training"} | dict(
        loss.named_buffers()
    )
    inner = any(True for _ in loss.parameters()) or bool(loss._modules)
    return None if inner or not all(map(_plain, options.values())) else KnownLoss(_NAMES[kind], options)


def _plain(value: Any) -> bool:
    """Whether an option leads to no parameter."""
    if isinstance(value, Tensor):
        return type(value) is Tensor and not value.requires_grad
    return value is None or isinstance(value, bool | int | float | str)


def fitting_targets(loss: Any, targets: Tensor, dtype: torch.dtype) -> Tensor:
    """The targets in the type that the loss takes: whole numbers of any kind as class numbers, or as real numbers.

    Truth values are left alone for a loss that is not known: there they may be a mask.
    """
    known = known_loss(loss)
    if (
        targets.is_floating_point()
        or targets.is_complex()
        or (targets.dtype == torch.int64 and known is None)
    ):
        return targets
    if known is None:
        return targets if targets.dtype in (torch.bool, torch.uint8) else targets.long()
    return targets.long() if known.name in OF_CLASSES else targets.to(dtype.to_real())


def describe_function(function: Any) -> str:
    """A function and what it was given, for the record of a run; two of one name cannot be told apart."""
    if function is None:
        return "none"
    if known := known_loss(function):
        options = {k: _words(v) for k, v in sorted(known.options.items()) if v is not None}
        defaults = {"reduction": "mean", "ignore_index": "-100", "label_smoothing": "0.0"}
        changed = [f"{k}={v}" for k, v in options.items() if defaults.get(k) != v]
        return f"{known.name}({', '.join(changed)})"
    if isinstance(function, functools.partial):
        options = {k: _words(v) for k, v in sorted(function.keywords.items())}
        parts = [*map(_words, function.args), *(f"{k}={v}" for k, v in options.items())]
        return f"{describe_function(function.func)}({', '.join(parts)})"
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _words(value: Any) -> str:
    if isinstance(value, Tensor):
        return str(value.tolist())[:200]
    return (
        str(value)
        if isinstance(value, bool | int | float | str | list | tuple | dict | None)
        else type(value).__name__
    )
