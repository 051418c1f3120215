"""Recurrent layers in the forms that they are written in: modules by class or by instance, and functions of one step.

A module takes `(input_size, hidden_size, batch_first=True)`, has the parameters of `torch.nn.LSTM` (`weight_ih_l0`,
`weight_hh_l0`, `bias_ih_l0`, `bias_hh_l0`, the suffix may be missing) and answers `(outputs, states)`. An instance keeps
its size: smaller cases are laid into it with weights of 0 around them, which leave the further units at 0.
A step is `step(x, h, …, weights…)`, its second parameter's name beginning with h, and answers the next state or states.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.frameworks import framework_of, namespace
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text

PARAMETERS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
REVERSE = "_reverse"  # behind the names of the second direction


def is_step(function: Any) -> bool:
    """Whether a function is one of a single step: its second parameter is the state h."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        return False
    return len(names) > 1 and names[1].lower().startswith("h") and names[1] != "h0"


def is_instance(function: Any) -> bool:
    """Whether it is a module with weights of its own."""
    return hasattr(function, "named_parameters") and not isinstance(function, type)


def other_form(module: Callable[..., Any], step: Callable[..., Any]) -> Callable[[Any], Callable[..., Any] | None]:
    """From a user's function to the bridge that calls it; None where it takes the page's own arguments."""

    def bridge(function: Any) -> Callable[..., Any] | None:
        if is_instance(function):
            return module
        return step if is_step(function) else None

    return bridge


def two_biases(b: Any) -> dict[str, Any]:
    """One bias as the two of a module, which only ever adds them: a module that leaves one of them out is noticed."""
    return dict(bias_ih=0.75 * b, bias_hh=0.25 * b)


def by_steps(
    step: Callable[..., Any], x: Any, states: Sequence[Any], weights: Sequence[Any], lengths: Any, n: int
) -> tuple[Any, ...]:
    """All outputs and the last states of a function of one step, led along the sequence."""
    xp = namespace(x)
    rows = xp.moveaxis(x, -2, 0)
    now = tuple(xp.zeros((*x.shape[:-2], n), dtype=x.dtype) if s is None else s for s in states)
    inside = None
    if lengths is not None:
        inside = xp.stack([xp.asarray(lengths > t)[..., None] for t in range(len(rows))])
    if framework_of(x).compiles:
        now, outputs = _scanned(step)(rows, now, tuple(weights), inside)
        return xp.moveaxis(outputs, 0, -2), *now
    outputs = []
    for t, row in enumerate(rows):
        now, output = _advance(step, now, weights, row, None if inside is None else inside[t])
        outputs.append(output)
    return xp.stack(outputs, -2), *now


def _advance(
    step: Callable[..., Any], now: Sequence[Any], weights: Sequence[Any], row: Any, inside: Any
) -> tuple[tuple[Any, ...], Any]:
    """The next states and the output; a row that has ended keeps its states and gives 0."""
    new = step(row, *now, *weights)
    new = tuple(new) if isinstance(new, (tuple, list)) else (new,)
    if len(new) != len(now):
        names = " and ".join("hc"[: len(now)])
        raise GradusError(
            Text(
                f"expected a step that returns as many states as it takes, {names}, got {len(new)}",
                f"单步函数返回的状态应与传入的一样多（{'、'.join('hc'[: len(now)])}），得到 {len(new)} 个",
            )
        )
    if inside is None:
        return new, new[0]
    xp = namespace(row)
    kept = tuple(xp.where(inside, a, b) for a, b in zip(new, now, strict=True))
    return kept, xp.where(inside, new[0], xp.zeros_like(new[0]))


@functools.cache
def _scanned(step: Callable[..., Any]) -> Callable[..., Any]:
    """JAX compiles the step once, not every operation of every step."""
    import jax

    def run(rows: Any, now: Any, weights: Any, inside: Any) -> Any:
        return jax.lax.scan(lambda states, at: _advance(step, states, weights, *at), now, (rows, inside))

    return jax.jit(run)


def by_module(layer: Any, x: Any, states: Sequence[Any], weights: Mapping[str, Any], lengths: Any) -> tuple[Any, ...]:
    """All outputs and the last states of a module whose weights are replaced by these; gradients pass through them.

    Args:
        layer: a class or an instance.
        x: inputs (..., T, d).
        states: the first states (..., n), or None for zeros.
        weights: by the names of `PARAMETERS`, with an axis for the gates in front: (gates, n, d), (gates, n, n), (gates, n).
        lengths: of the rows, or None.
    """
    d, n, lead = weights["weight_ih"].shape[-1], weights["weight_hh"].shape[-1], x.shape[:-2]
    module = _made(layer, d, n) if isinstance(layer, type) else layer
    wide, units = _sizes(module, d, n)
    rows = math.prod(lead)
    if rows == 0:  # PyTorch packs no empty batch
        return x.new_zeros(*lead, x.shape[-2], n), *[x.new_zeros(*lead, n) for _ in states]
    flat = _padded(x.reshape(rows, *x.shape[-2:]), wide, d=d)
    first = [_first(s, flat, rows, n, units)[None] for s in states]
    own = _weights_of(module, weights, wide, units)
    outputs, *last = _in_module(module.to(x.dtype), own, flat, first, _rows(lengths, lead))
    return outputs[..., :n].reshape(*lead, x.shape[-2], n), *[s[..., :n].reshape(*lead, n) for s in last]


def by_two_directions(
    layer: Callable[..., Any], x: Any, h0: Any, weights: Mapping[str, Any], lengths: Any
) -> tuple[Any, Any]:
    """Outputs (..., T, 2 n) and last states (..., 2, n) of a bidirectional module; as `by_module`.

    Args:
        layer: a class or an instance.
        x: inputs (..., T, d).
        h0: the first states (..., 2, n), or None for zeros.
        weights: by the names of `PARAMETERS`, with the axes of directions and of gates in front.
        lengths: of the rows, or None.
    """
    d, n, lead = weights["weight_ih"].shape[-1], weights["weight_hh"].shape[-1], x.shape[:-2]
    module: Any = layer(d, n, batch_first=True, bidirectional=True) if isinstance(layer, type) else layer
    wide, units = _sizes(module, d, n, 2)
    rows = math.prod(lead)
    if rows == 0:
        return x.new_zeros(*lead, x.shape[-2], 2 * n), x.new_zeros(*lead, 2, n)
    flat = _padded(x.reshape(rows, *x.shape[-2:]), wide, d=d)
    if h0 is None:
        first = x.new_zeros(2, rows, units)
    else:
        first = _padded(h0.expand(*lead, 2, n).reshape(rows, 2, n).movedim(1, 0), units)
    own: dict[str, Any] = {}
    for k in range(2):
        own |= _weights_of(module, {name: w[k] for name, w in weights.items()}, wide, units, ("", REVERSE)[k])
    y, last = _in_module(module.to(x.dtype), own, flat, [first], _rows(lengths, lead))
    halves = y.unflatten(-1, (2, units))[..., :n].flatten(-2)
    return halves.reshape(*lead, x.shape[-2], 2 * n), last[..., :n].movedim(0, 1).reshape(*lead, 2, n)


def _made(layer: type, d: int, n: int) -> Any:
    try:
        return layer(d, n, batch_first=True)
    except TypeError:
        return layer(d, n)


def _own_names(module: Any) -> dict[str, str]:
    """The module's names of its parameters, by the names without the module that holds them and without the layer."""
    return {name.rpartition(".")[2].replace("_l0", ""): name for name, _ in module.named_parameters()}


def _sizes(module: Any, d: int, n: int, directions: int = 1) -> tuple[int, int]:
    """The module's numbers of inputs and of units."""
    if getattr(module, "num_layers", 1) != 1 or getattr(module, "bidirectional", directions == 2) != (directions == 2):
        one = directions == 1
        raise GradusError(
            Text(
                f"expected a module of one layer and {'one direction' if one else 'two directions'}",
                f"应为单层、{'单向' if one else '双向'}的模块",
            )
        )
    shapes = {name: p.shape for name, p in module.named_parameters()}
    own = {k: shapes[name] for k, name in _own_names(module).items()}
    wanted = {p + end for p in PARAMETERS for end in ("", REVERSE)[:directions]}
    if set(own) != wanted:
        raise GradusError(
            Text(
                f"expected a module with the parameters {', '.join(PARAMETERS)} of torch.nn.LSTM, got {', '.join(own)}",
                f"模块应有 torch.nn.LSTM 的参数 {', '.join(PARAMETERS)}，得到 {', '.join(own)}",
            )
        )
    wide, units = own["weight_ih"][1], own["weight_hh"][1]
    if wide < d or units < n:
        raise NotApplicable(
            Text(
                f"the module has {wide} inputs and {units} units, the case {d} and {n}",
                f"模块有 {wide} 个输入、{units} 个单元，用例需要 {d} 与 {n}",
            )
        )
    return wide, units


def _padded(array: Any, *sizes: int, d: int | None = None) -> Any:
    """The last axes filled up with zeros to these sizes; an array that is longer, or whose last axis is not d, is refused."""
    from torch.nn.functional import pad

    shape = tuple(array.shape[-len(sizes) :])
    if d not in (None, shape[-1]) or any(have > want for have, want in zip(shape, sizes, strict=True)):
        raise ValueError(f"expected an array of {d or sizes}, got {shape}")
    margins = [m for have, want in zip(reversed(shape), reversed(sizes), strict=True) for m in (0, want - have)]
    return pad(array, margins) if any(margins) else array


def _first(state: Any, x: Any, rows: int, n: int, units: int) -> Any:
    if state is None:
        return x.new_zeros(rows, units)
    return _padded(state.expand(rows, n) if state.ndim == 1 else state.reshape(rows, n), units)


def _weights_of(module: Any, weights: Mapping[str, Any], wide: int, units: int, end: str = "") -> dict[str, Any]:
    laid = {
        "weight_ih": _padded(weights["weight_ih"], units, wide),
        "weight_hh": _padded(weights["weight_hh"], units, units),
        "bias_ih": _padded(weights["bias_ih"], units),
        "bias_hh": _padded(weights["bias_hh"], units),
    }
    own = _own_names(module)
    return {own[k + end]: v.reshape(-1, *v.shape[2:]) for k, v in laid.items()}


def _rows(lengths: Any, lead: tuple[int, ...]) -> list[int] | None:
    if lengths is None:
        return None
    return np.broadcast_to(np.asarray(lengths), lead).reshape(-1).tolist()


def _in_module(module: Any, weights: dict[str, Any], x: Any, first: list[Any], lengths: list[int] | None) -> list[Any]:
    """Outputs (rows, T, n) and last states (directions, rows, n); with lengths packed, or row by row where the module is no torch.nn.RNNBase."""
    import torch
    from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

    def run(x: Any, first: list[Any]) -> list[Any]:
        states = tuple(first) if len(first) > 1 else first[0]
        outputs, last = torch.func.functional_call(module, weights, (x, states))
        return [outputs, *(last if isinstance(last, tuple) else (last,))]

    swapped = not getattr(module, "batch_first", True)
    x = x.transpose(0, 1) if swapped else x
    if lengths is None:
        results = run(x, first)
    elif isinstance(module, torch.nn.RNNBase):
        packed = pack_padded_sequence(x, torch.as_tensor(lengths), not swapped, enforce_sorted=False)
        results = run(packed, first)
        results[0] = pad_packed_sequence(results[0], not swapped, total_length=x.shape[0 if swapped else 1])[0]
    else:
        x = x.transpose(0, 1) if swapped else x
        pieces = []
        for i, length in enumerate(lengths):
            row = x[i : i + 1, :length]
            y, *last = run(row.transpose(0, 1) if swapped else row, [s[:, i : i + 1] for s in first])
            y = y.transpose(0, 1) if swapped else y
            pieces.append([_padded(y, x.shape[1], y.shape[-1]), *last])
        results = [torch.cat(column, 0 if k == 0 else -2) for k, column in enumerate(zip(*pieces, strict=True))]
        swapped = False
    return [results[0].transpose(0, 1) if swapped else results[0], *results[1:]]
