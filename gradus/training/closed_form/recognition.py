"""Which modules are sequences of layers whose gradients can be written in closed form."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.training.attachments import has_hooks, is_attached
from gradus.training.closed_form.activation import ACTIVATIONS
from gradus.training.closed_form.layer import pair
from gradus.training.closed_form.sequence import LayerSequence
from gradus.training.known_losses import known_loss
from gradus.training.settings import Loss

# Modules without parameters that may stand before the first layer; they are called as they are.
PREPARING = (nn.Upsample, nn.ZeroPad2d, nn.Unflatten)
# The method by which a network of the library's own, which is no `nn.Sequential`, names its layers.
METHOD = "layers_in_order"
LIBRARY = "gradus"
FORWARD = "forward"
_LAYERS = (
    nn.Sequential,
    nn.Identity,
    nn.Linear,
    nn.Conv2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.Flatten,
    *ACTIVATIONS,
    *PREPARING,
)
_FORWARDS: dict[type[Any], Any] = {kind: getattr(kind, FORWARD) for kind in _LAYERS}
# A convolution with more channels is left to PyTorch's own: over so many it vectorises well.
WIDEST = 16


def layer_sequence(
    model: nn.Module, *, loss: Loss, example: Tensor, precision: torch.dtype | None = None
) -> LayerSequence | None:
    """The model as a sequence of layers whose gradients are written in closed form, or None if it is none.

    That is an `nn.Sequential`, or a network of the library's whose method `layers_in_order()` returns its layers, of
    Linear, Conv2d, MaxPool2d, AvgPool2d, ReLU, Tanh, Sigmoid, Flatten and Identity, on the CPU, all of it trained, with
    nothing attached to a module or a parameter; and a loss of PyTorch's own (see `known_losses`).

    Args:
        model: any module.
        loss: of outputs and targets, a mean over the batch.
        example: a batch of inputs; the buffers for its shape are made, and may be too large.
        precision: of the large products, where it is not the parameters'.
    """
    modules = list(_unrolled(model))
    if known_loss(loss) is None or not _trainable(model, modules) or is_attached(model):
        return None
    if not all(map(_own, modules)) or example.dtype != next(model.parameters()).dtype:
        return None
    start = next((i for i, m in enumerate(modules) if not isinstance(m, PREPARING)), len(modules))
    layers = _pooled_first([m for m in modules[start:] if type(m) is not nn.Identity])
    if not all(map(_known, layers)) or not _flat_before_dense(layers):
        return None
    if any(type(a) in ACTIVATIONS and type(b) in ACTIVATIONS for a, b in itertools.pairwise(layers)):
        return None  # they work in place, and each needs its own output
    if not _is_what_it_computes(model, modules, example):
        return None
    parameters = [p for m in modules for p in m.parameters()]
    sequence = LayerSequence(
        model=model,
        preparing=modules[:start],
        modules=layers,
        parameters=parameters,
        loss=loss,
        precision=precision,
    )
    try:
        return sequence if sequence.plan(sequence.prepared(example)) else None
    except RuntimeError:  # the model does not take such inputs; it says so better itself
        return None


def _trainable(model: nn.Module, modules: Sequence[nn.Module]) -> bool:
    """Whether the layers have exactly the model's parameters, each once, all of them trained, on the CPU, of one type."""
    parameters = [p for m in modules for p in m.parameters()]
    if not parameters or not _exactly_of(model, parameters):
        return False
    dtype = parameters[0].dtype
    return dtype in (torch.float32, torch.float64) and all(
        p.device.type == "cpu" and p.requires_grad and p.dtype == dtype and not has_hooks(p)
        for p in parameters
    )


def _exactly_of(model: nn.Module, parameters: Sequence[nn.Parameter]) -> bool:
    numbers = [id(p) for p in parameters]
    return len(set(numbers)) == len(numbers) and set(numbers) == {id(p) for p in model.parameters()}


def _unrolled(model: nn.Module) -> Iterator[nn.Module]:
    children = (
        list(model)
        if type(model) is nn.Sequential and nn.Sequential.forward is _FORWARDS[nn.Sequential]
        else _layers_in_order(model)
    )
    if children is None:
        yield model
        return
    for child in children:
        yield from _unrolled(child)


def _layers_in_order(model: nn.Module) -> list[nn.Module] | None:
    """What the method of that name of a network of the library's returns.

    A user's class may have anything by that name, and only the forward pass itself says what it computes.
    """
    if type(model).__module__.partition(".")[0] != LIBRARY or not hasattr(model, METHOD):
        return None
    layers: list[nn.Module] = model.layers_in_order()  # type: ignore[operator]
    return layers


def _own(module: nn.Module) -> bool:
    """Whether a module computes with its own parameters, as PyTorch wrote it, and has nothing beside them."""
    kind = type(module)
    if (
        kind not in _FORWARDS
        or getattr(kind, FORWARD) is not _FORWARDS[kind]
        or module._modules
        or module._buffers
    ):
        return False
    names = ("weight", "bias") if kind in (nn.Linear, nn.Conv2d) else ()
    return tuple(module._parameters) == names and all(
        p is None or (type(p) is nn.Parameter and p.layout == torch.strided and not p.is_conj())
        for p in module._parameters.values()
    )


def _is_what_it_computes(model: nn.Module, modules: Sequence[nn.Module], example: Tensor) -> bool:
    """Whether the layers one after the other compute what the model does; seen on two samples.

    An `nn.Sequential` does so by what it is. Another module says so, and also which inputs it takes.
    """
    if not any(hasattr(module, METHOD) for module in model.modules()):
        return True
    if next(model.buffers(), None) is not None:
        return False  # a call might change them
    try:
        with torch.no_grad():
            expected, x = model(example[:2]), example[:2]
            for module in modules:
                x = module(x)
    except Exception:  # the model does not take such inputs; it says so better itself
        return False
    if not isinstance(expected, Tensor) or expected.shape != x.shape:
        return False
    return torch.allclose(x, expected, rtol=0.0, atol=1e-3 * float(expected.abs().max()))


def _known(module: Any) -> bool:
    """Whether a layer in closed form can stand for this module."""
    kind = type(module)
    if kind is nn.Conv2d:
        return (
            module.stride == module.dilation == (1, 1)
            and module.groups == 1
            and module.padding_mode == "zeros"
            and not isinstance(module.padding, str)
            and bool(module.in_channels <= WIDEST)
        )
    if kind is nn.MaxPool2d:
        plain = not module.return_indices and pair(module.dilation) == (1, 1)
        return plain and _side_by_side(module)
    if kind is nn.AvgPool2d:
        return module.divisor_override is None and _side_by_side(module)
    if kind is nn.Flatten:
        return (module.start_dim, module.end_dim) == (1, -1)
    return kind is nn.Linear or kind in ACTIVATIONS


def _side_by_side(pool: Any) -> bool:
    whole = pair(pool.stride) == pair(pool.kernel_size)
    return whole and pair(pool.padding) == (0, 0) and not pool.ceil_mode


def _flat_before_dense(layers: Sequence[nn.Module]) -> bool:
    """Whether images come before Flatten and rows after it, with rows at the end."""
    kinds = [type(m) for m in layers]
    images = [i for i, k in enumerate(kinds) if k in (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)]
    rows = [i for i, k in enumerate(kinds) if k is nn.Linear]
    flat = [i for i, k in enumerate(kinds) if k is nn.Flatten]
    if not rows or len(flat) > 1 or (images and not flat):
        return False
    return not flat or (max(images, default=-1) < flat[0] < min(rows))


def _pooled_first(layers: Sequence[nn.Module]) -> list[nn.Module]:
    # ReLU does not fall, so it commutes with the maximum: the same numbers and gradients at a fraction of the work.
    result = list(layers)
    for i, (a, b) in enumerate(itertools.pairwise(layers)):
        if type(a) is nn.ReLU and type(b) is nn.MaxPool2d:
            result[i], result[i + 1] = b, a
    return result
