"""What a model's dropout makes of its outputs: their mean and variance over the masks, all of them or drawn ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from gradus.arguments import refusal, whole
from gradus.arguments.tensors import module, tensor
from gradus.optimization.model_inputs import taking
from gradus.optimization.plain_attention import plain_attention
from gradus.optimization.unchanged_model import outside_of_inference, unchanged
from gradus.text import Text
from gradus.theory.dropout_masks import GivenMasks, all_bits, flip_bound

ENUMERATED = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d)


class DropoutPredictions(NamedTuple):
    """A model's outputs over its dropout masks.

    Attributes:
        outputs: of each mask (S, n, …).
        weights: the masks' probabilities, or 1/S of each drawn one (S).
        mean: over the masks (n, …).
        variance: over the masks (n, …); from drawn ones its estimate without bias.
        error: standard error of the mean (n, …); 0 where all masks were taken.
        scaled: output of the model in evaluation, by weight scaling (n, …).
        bound: that the variance cannot exceed (n, …), by Efron and Stein; None where masks were drawn.

    Example:
        >>> import torch
        >>> one = torch.ones(1, 1)
        >>> DropoutPredictions(one[None], torch.ones(1), one, 0 * one, 0 * one, one, None).weights
        tensor([1.])
    """

    outputs: Tensor
    weights: Tensor
    mean: Tensor
    variance: Tensor
    error: Tensor
    scaled: Tensor
    bound: Tensor | None


@torch.inference_mode(False)
def dropout_predictions(
    model: nn.Module,
    inputs: Tensor,
    samples: int | None = 100,
    *,
    layers: Iterable[nn.Module] | None = None,
    seed: int = 0,
) -> DropoutPredictions:
    r"""Mean and variance of a model's outputs over the masks of its dropout layers (Monte Carlo dropout), and evaluation beside.

    .. math:: \bar f=\sum_mP(m)f_m,\qquad \operatorname{Var}f=\sum_mP(m)(f_m-\bar f)^2
        \le\sum_br_b(1-r_b)\,\mathbb E\,(f_{m_b=1}-f_{m_b=0})^2

    Only the dropout layers are switched to training; every other layer, batch normalisation too, is in evaluation. Dropout
    of attention and of recurrent layers counts; the fast path of PyTorch's transformer layers, which would leave it out
    without a word, is off meanwhile. The model is left as it was. The variance is that of the net's output under the masks
    alone: it is no noise of the targets, and it need not fall as training data grow.

    Args:
        model: any module from a batch to one tensor; in any mode.
        inputs: a batch (n, …).
        samples: S ≥ 2, how many passes with drawn masks; None for all masks, where at most 16 units a sample are dropped, by
            layers `nn.Dropout`, `Dropout1d`, `Dropout2d` or `Dropout3d`, and samples do not look at each other.
        layers: the modules whose own `training` is switched on, for models that call `F.dropout(x, training=self.training)`;
            those of torch.nn that drop unless given.
        seed: of the draws.

    Returns:
        The `DropoutPredictions`; all but the outputs and `scaled` in float32 at least, computed in double precision where the
        device has it.

    Raises:
        GradusError: no dropout layer, too many units for all masks, or outputs that are no tensor of finite real numbers.

    Cost: S + 1 forward passes, 2^B + 1 for all masks of B units; the outputs of all are held.

    Source: Srivastava et al. 2014, §7.5; Gal and Ghahramani 2016; Efron and Stein 1981.

    Example:
        >>> import torch
        >>> model = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(2, 1, bias=False), torch.nn.ReLU())
        >>> _ = model[1].weight.data.copy_(torch.tensor([[1.0, -1.0]]))
        >>> found = dropout_predictions(model, torch.ones(1, 2), samples=None)
        >>> found.mean.item(), found.scaled.item(), found.variance.item(), found.bound.item()
        (0.5, 0.0, 0.75, 1.0)
    """
    module("model", model)
    x = outside_of_inference(tensor("inputs", inputs, dtype="any", meta=False))
    if not x.dim() or not len(x):
        shape = str(tuple(x.shape))
        raise refusal("inputs", ("a batch (n, …) of at least one sample", "至少一个样本的批次 (n, …)"), Text(shape, shape))  # fmt: skip
    if samples is not None:
        whole("samples", samples, least=2, most=10**7)
    whole("seed", seed, least=0, most=2**63 - 1)
    chosen = _dropping(model, layers)
    with unchanged(model, seed), torch.no_grad(), plain_attention():
        for part in model.modules():
            part.training = False
        scaled = _first_output(model, x)
        if samples is None:
            return _over_all_masks(model, x, chosen, scaled)
        for part in chosen:
            part.training = True
        outputs = torch.stack([_output(model, x) for _ in range(samples)])
    f = _wide(outputs)
    mean, variance = f.mean(0), f.var(0)
    weights = torch.full((samples,), 1 / samples, dtype=f.dtype, device=f.device)
    error = (variance / samples).sqrt()
    return _result(outputs, scaled, (weights, mean, variance, error), None)


def _over_all_masks(
    model: nn.Module, x: Tensor, layers: Sequence[nn.Module], scaled: Tensor
) -> DropoutPredictions:
    for layer in layers:
        if not isinstance(layer, ENUMERATED):
            kind = type(layer).__name__
            raise refusal("samples", ("a number, as this model has layers whose masks cannot be given", "个数，因为该模型有无法给定掩码的层"), Text(f"None with {kind}", f"None，而模型含 {kind}"))  # fmt: skip
    masks = GivenMasks(layers, len(x))
    with masks.listening():
        _output(model, x)
        if not masks.shapes:
            raise _no_layer(Text("layers that are never called, or compiled", "从未被调用或已编译的层"))
        bits, weights = all_bits(masks.rates, x.device)
        rows = []
        for row in bits:
            masks.give(row)
            rows.append(_output(model, x))
            masks.require_all_given()
    outputs = torch.stack(rows)
    f, weights = _wide(outputs), weights.to(outputs.device)
    mean = torch.tensordot(weights, f, 1)
    variance = torch.tensordot(weights, (f - mean).square(), 1)
    bound = flip_bound(f, weights, masks.rates)
    return _result(outputs, scaled, (weights, mean, variance, torch.zeros_like(mean)), bound)


def _result(
    outputs: Tensor, scaled: Tensor, moments: tuple[Tensor, ...], bound: Tensor | None
) -> DropoutPredictions:
    dtype = torch.promote_types(outputs.dtype, torch.float32)
    weights, mean, variance, error = (t.to(dtype) for t in moments)
    return DropoutPredictions(
        outputs, weights, mean, variance, error, scaled, None if bound is None else bound.to(dtype)
    )


def _wide(outputs: Tensor) -> Tensor:
    return outputs.float() if outputs.device.type == "mps" else outputs.double()


def _output(model: nn.Module, x: Tensor) -> Tensor:
    f = model(x)
    if not isinstance(f, Tensor) or not f.is_floating_point():
        raise refusal("model", ("one that returns one tensor of real numbers", "返回单个实数张量的模型"), f, ("wrap it so that it returns the logits alone", "请加一层包装，只返回 logits"), kind=True)  # fmt: skip
    if not bool(f.isfinite().all()):
        raise refusal("model", ("one with finite outputs", "输出有限的模型"), Text("outputs that are not finite", "非有限的输出"))  # fmt: skip
    return f.clone()  # some models hand out a buffer that the next pass fills


def _first_output(model: nn.Module, x: Tensor) -> Tensor:
    """What the model itself raises at its inputs is said of the argument."""
    with taking("inputs"):
        return _output(model, x)


def _dropping(model: nn.Module, layers: Iterable[nn.Module] | None) -> list[nn.Module]:
    """The given parts of the model, or its layers of torch.nn that drop.

    Raises:
        GradusError: there is none, or one is no part of the model.
    """
    parts = list(model.modules())
    if layers is None:
        found = [part for part in parts if _drops(part)]
    else:
        if isinstance(layers, (str, bytes, dict, Tensor)) or not isinstance(layers, Iterable):
            raise refusal("layers", ("modules of the model", "模型中的模块"), layers, kind=True)
        found = list(layers)
        for k, part in enumerate(found):
            if not any(part is other for other in parts):
                raise refusal(f"layers[{k}]", ("a module of the model", "模型中的模块"), part, kind=True)
    if not found:
        raise _no_layer(Text("none", "没有"))
    return found


def _drops(part: nn.Module) -> bool:
    if isinstance(part, nn.RNNBase):
        return bool(part.dropout > 0 and part.num_layers > 1)
    if isinstance(part, nn.MultiheadAttention):
        return bool(part.dropout > 0)
    return isinstance(part, _DropoutNd)


def _no_layer(came: Text) -> Exception:
    return refusal(
        "model",
        ("one with dropout layers", "含随机失活层的模型"),
        came,
        (
            "name those that call F.dropout themselves in layers=",
            "请用 layers= 指明自行调用 F.dropout 的模块",
        ),
    )
