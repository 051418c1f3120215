"""Directions in the space of a model's weights: drawn at random, and each filter's part as long as the filter."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvTransposeNd

from gradus.arguments import choice, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.optimization.batch_loss import trainable
from gradus.text import Text
from gradus.theory.lent_model import require_lendable

__all__ = ["normalize_direction", "random_direction"]

NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)
NORMALIZATIONS = ("filter", "layer", "none")
VECTORS = ("zero", "whole")


def random_direction(
    model: nn.Module, *, normalize: str = "filter", vectors: str = "zero", seed: int = 0
) -> dict[str, Tensor]:
    r"""A random direction in weight space, of which each filter's part is as long as the filter.

    .. math:: d_f=\frac{\lVert\theta_f\rVert}{\lVert g_f\rVert}\,g_f,\qquad g\sim\mathcal N(0,I)

    What a filter is, and what becomes of biases and normalisation layers, `normalize_direction` says. The draw is made on the
    processor, so that it is the same on every device.

    Args:
        model: any module.
        normalize: "filter", "layer" (each weight as a whole) or "none".
        vectors: "zero" or "whole", see `normalize_direction`.
        seed: of the draw.

    Returns:
        A tensor for each parameter that is trained, by its name, with the parameter's shape, precision and device.

    Raises:
        GradusError: no module, none of its parameters is trained, or an option of another name.

    Cost: a few passes over the weights.

    Source: Li et al. 2018, §4.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(3, 2)
        >>> d = random_direction(model, seed=1)
        >>> torch.allclose(d["weight"].norm(dim=1), model.weight.norm(dim=1)), d["bias"].tolist()
        (True, [0.0, 0.0])
    """
    require_lendable(model)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
    trained = {id(p) for p in trainable(model)}
    draw = {
        name: torch.randn(p.shape, generator=generator, dtype=_wide(p)).to(p.device)
        for name, p in model.named_parameters()
        if id(p) in trained
    }
    return normalize_direction(model, draw, normalize=normalize, vectors=vectors)


def normalize_direction(
    model: nn.Module, direction: Mapping[str, Tensor], *, normalize: str = "filter", vectors: str = "zero"
) -> dict[str, Tensor]:
    r"""A direction in weight space with each filter's part brought to the filter's length.

    .. math:: d_f\leftarrow\frac{\lVert\theta_f\rVert}{\lVert d_f\rVert}\,d_f

    A filter is what makes one output: a row of a dense, recurrent or attention weight or of an embedding, the kernels of one
    output channel of a convolution, transposed or not. A filter of zeros stays where it is, and so does one whose part of the
    direction is zero. Biases and other parameters of one axis or none, and all those of normalisation layers, are no filters:
    they stay (`vectors="zero"`), or each counts as one filter (`"whole"`). Tied weights are one parameter, under their first name.

    Args:
        model: any module.
        direction: a tensor for each parameter that is trained, by its name in `model.named_parameters()`.
        normalize: "filter"; "layer" takes each weight as one filter, "none" leaves its length as it is.
        vectors: "zero" or "whole".

    Returns:
        A new direction, with the parameters' precision and device.

    Raises:
        GradusError: names or shapes that are not the parameters', numbers that are not finite, or another option.

    Cost: a few passes over the weights.

    Source: Li et al. 2018, §4; "zero" is `ignore='biasbn'` of their code.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(2, 1)
        >>> for p in model.parameters(): _ = torch.nn.init.constant_(p, 3.0)
        >>> d = {"weight": torch.tensor([[1.0, -1.0]]), "bias": torch.tensor([0.1])}
        >>> normalize_direction(model, d, vectors="whole")
        {'weight': tensor([[ 3., -3.]]), 'bias': tensor([3.])}
    """
    require_lendable(model)
    choice("normalize", normalize, NORMALIZATIONS)
    choice("vectors", vectors, VECTORS)
    checked_direction("direction", model, direction)
    owners = _owners(model)
    result = {}
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name not in direction:
                continue
            d = direction[name].detach().to(p.device, _wide(p))
            owner, axes = owners[name], p.dim()
            vector = axes < 2 or isinstance(owner, NORMS)
            if vector and vectors == "zero":
                d = torch.zeros_like(d)
            elif normalize != "none":
                split = normalize == "filter" and not vector
                d = d * _ratio(p.detach().to(d.dtype), d, owner if split else None)
            result[name] = d.to(p.dtype)
    return result


def checked_direction(name: str, model: nn.Module, direction: object) -> None:
    """Refuses a direction that is not one of the model's trained parameters.

    Raises:
        GradusError: it is none.
    """
    wanted = {k: p for k, p in model.named_parameters() if p.requires_grad}
    trainable(model)
    if not isinstance(direction, Mapping):
        raise refusal(name, ("a tensor for each parameter, by its name", "按名称给出的各参数的张量"), direction, ("see random_direction", "见 random_direction"), kind=True)  # fmt: skip
    if set(direction) != set(wanted):
        odd = ", ".join(sorted(map(str, set(direction) ^ set(wanted)))[:3])
        raise refusal(name, ("the trained parameters' names, all of them", "全部可训练参数的名称"), Text(f"a difference in {odd}", f"{odd} 不一致"))  # fmt: skip
    for key, p in wanted.items():
        kind = "any" if p.is_complex() else "floating"
        value = tensor(f"{name}[{key!r}]", direction[key], dtype=kind, finite=True, meta=False)  # type: ignore[arg-type]
        if value.shape != p.shape:
            shapes = f"{tuple(value.shape)}"
            raise refusal(f"{name}[{key!r}]", (f"the shape {tuple(p.shape)}", f"形状 {tuple(p.shape)}"), Text(shapes, shapes))  # fmt: skip


def _owners(model: nn.Module) -> dict[str, nn.Module]:
    """The module that each parameter belongs to, by the name of the parameter."""
    owners: dict[str, nn.Module] = {}
    for prefix, part in model.named_modules():
        for name, _ in part.named_parameters(recurse=False):
            owners.setdefault(f"{prefix}.{name}" if prefix else name, part)
    return owners


def _ratio(p: Tensor, d: Tensor, owner: nn.Module | None) -> Tensor:
    """‖θ_f‖/‖d_f‖ of every filter, or of the whole weight without an owner, as a factor that fits the direction."""
    if owner is None:
        return _quotient(p.norm(), d.norm())
    if isinstance(owner, _ConvTransposeNd) and p.shape[0] == owner.in_channels:
        groups = owner.groups  # (in, out/groups, …): the inputs of a group make its outputs
        pair = [v.unflatten(0, (groups, -1)).movedim(2, 1).flatten(2).norm(dim=-1) for v in (p, d)]
        factor = _quotient(*pair)[:, None].expand(-1, p.shape[0] // groups, -1).flatten(0, 1)
        return factor.reshape(*factor.shape, *[1] * (p.dim() - 2))
    pair = [v.flatten(1).norm(dim=1) for v in (p, d)]
    return _quotient(*pair).reshape(-1, *[1] * (p.dim() - 1))


def _quotient(a: Tensor, b: Tensor) -> Tensor:
    return torch.where(b > 0, a / torch.where(b > 0, b, 1), 0)


def _wide(p: Tensor) -> torch.dtype:
    return torch.promote_types(p.dtype, torch.float32)
