"""How much an operation of PyTorch can stretch a difference of what goes in: a constant for each that has one."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gradus.text import Text
from gradus.theory.operation_call import (
    Call,
    Factor,
    NoBoundError,
    Rule,
    constant,
    largest,
    linear,
    spread,
    wide,
)


def _sum(call: Call) -> dict[str, Factor]:
    weights = {"self": 1.0, "other": abs(float(call.arguments.get("alpha") or 1.0))}
    if call.name == "rsub":
        weights = {"self": weights["other"], "other": 1.0}
    return {name: weights[name] * spread(call, name) for name in call.moving}


def _product(call: Call) -> dict[str, Factor]:
    name = call.moving[0]
    call.only(name)
    return {name: largest(call.arguments["other" if name == "self" else "self"]) * spread(call, name)}


def _quotient(call: Call) -> dict[str, Factor]:
    call.only("self")
    if call.arguments.get("rounding_mode"):
        raise NoBoundError(Text("it jumps", "它有跳跃"))
    other = call.arguments["other"]
    inverse = 1 / wide(other) if isinstance(other, Tensor) else 1 / float(other)
    return {"self": largest(inverse) * spread(call, "self")}


def _matrix_product(first: str, second: str, scale: str | None = None) -> Rule:
    def rule(call: Call) -> dict[str, Factor]:
        name = call.moving[0]
        call.only(name)
        if name not in (first, second):
            raise NoBoundError(Text("an offset that depends on the input", "偏置依赖于输入"))
        matrix = wide(call.arguments[second if name == first else first])
        matrix = matrix[:, None] if matrix.dim() == 1 else matrix
        size = float(torch.linalg.matrix_norm(matrix, 2).max())
        factor = (
            1.0 if scale is None or call.arguments.get(scale) is None else abs(float(call.arguments[scale]))
        )
        rounding = 1 + 16 * math.sqrt(matrix.shape[-1] * matrix.shape[-2]) * torch.finfo(matrix.dtype).eps
        return {name: size * factor * rounding}

    return rule


def _broadcasting(call: Call) -> dict[str, Factor]:
    call.only("self")
    return {"self": max(1.0, spread(call, "self"))}


def _leaky(call: Call) -> dict[str, Factor]:
    call.only("self")
    return {"self": max(1.0, abs(float(call.arguments["negative_slope"])))}


def _prelu(call: Call) -> dict[str, Factor]:
    call.only("self")
    return {"self": max(1.0, largest(call.arguments["weight"]))}


def _elu(call: Call) -> dict[str, Factor]:
    call.only("self")
    given = call.arguments
    alpha, scale, inner = (float(given.get(k, 1.0)) for k in ("alpha", "scale", "input_scale"))
    if inner < 0:
        raise NoBoundError(Text("it grows exponentially", "它指数增长"))
    return {"self": abs(scale) * max(1.0, abs(alpha * inner))}


def _celu(call: Call) -> dict[str, Factor]:
    call.only("self")
    if float(call.arguments.get("alpha", 1.0)) <= 0:
        raise NoBoundError(Text("it grows exponentially", "它指数增长"))
    return {"self": 1.0}


def _threshold(call: Call) -> dict[str, Factor]:
    call.only("self")
    if float(call.arguments["threshold"]) != float(call.arguments["value"]):
        raise NoBoundError(Text("it jumps", "它有跳跃"))
    return {"self": 1.0}


def _norm(call: Call) -> dict[str, Factor]:
    call.only("self")
    if call.arguments.get("ord", 2) != 2:
        raise NoBoundError(Text("a norm that is not Euclidean", "非欧几里得范数"))
    return {"self": 1.0}


def _power(call: Call) -> dict[str, Factor]:
    call.only("self")
    if call.arguments.get("exponent") != 1:
        raise NoBoundError(Text("a power, whose slope has no bound", "幂函数，其斜率无界"))
    return {"self": 1.0}


def _log_softmax(call: Call) -> dict[str, Factor]:
    x = call.only("self")
    return {"self": math.sqrt(x.shape[call.arguments["dim"]])}


def _sum_over(call: Call) -> dict[str, Factor]:
    x = call.only("self")
    count = x.numel() / max(call.result.numel(), 1)
    return {"self": 1 / math.sqrt(count) if call.name == "mean" else math.sqrt(count)}


def _repeat(call: Call) -> dict[str, Factor]:
    x = call.only("self")
    return {"self": math.sqrt(call.result.numel() / max(x.numel(), 1))}


def _windows(call: Call) -> dict[str, Factor]:
    """Largest values of windows: √ of how many windows an entry lies in, at most."""
    call.only("self")
    size = call.arguments["kernel_size"]
    stride, dilation = call.arguments.get("stride") or size, call.arguments.get("dilation") or [1]
    count = 1
    for axis, k in enumerate(size):
        s, d = (v[axis if len(v) > axis else 0] for v in (stride, dilation))
        count *= math.ceil(k / (s // math.gcd(s, d)))
    return {"self": math.sqrt(count)}


def _adaptive_windows(call: Call) -> dict[str, Factor]:
    x = call.only("self")
    sizes = call.arguments["output_size"]
    overlap = sum(n % m != 0 for n, m in zip(x.shape[-len(sizes) :], sizes, strict=True))
    return {"self": math.sqrt(2.0**overlap)}


def _normalised(argument: str) -> Rule:
    def rule(call: Call) -> dict[str, Factor]:
        call.only(argument)
        return {argument: normalised(call.arguments.get("weight"), float(call.arguments["eps"]))}

    return rule


def normalised(weight: Any, eps: float) -> float:
    """Of a normalisation by the sample's own statistics: steepest where these vanish.

    Raises:
        NoBoundError: nothing keeps the divisor from 0.
    """
    if eps <= 0:
        raise NoBoundError(Text("a normalisation without ε", "没有 ε 的归一化"))
    return (1.0 if weight is None else largest(weight)) / math.sqrt(eps)


def _batch_norm(call: Call) -> dict[str, Factor]:
    if call.arguments.get("training"):
        raise NoBoundError(Text("it mixes the samples of a batch", "它混合批次中的样本"))
    return linear("input")(call)


def _select(call: Call) -> dict[str, Factor]:
    if "condition" in call.moving:
        raise NoBoundError(Text("it jumps", "它有跳跃"))
    return {name: spread(call, name) for name in call.moving}


#: Largest slopes, rounded up.
SLOPES = {
    "relu": 1.0, "hardtanh": 1.0, "relu6": 1.0, "tanh": 1.0, "sin": 1.0, "cos": 1.0, "atan": 1.0, "asinh": 1.0, "abs": 1.0,
    "neg": 1.0, "softplus": 1.0, "log_sigmoid_forward": 1.0, "softshrink": 1.0,
    "erf": 1.128379168, "sigmoid": 0.25, "hardsigmoid": 0.16666668, "hardswish": 1.5,
    "silu": 1.09983933, "mish": 1.08849817, "gelu": 1.12899307, "_softmax": 0.5,
}  # fmt: skip
#: What moves, drops or merges entries and stretches nothing.
STILL = (
    "clone", "_to_copy", "flip", "roll", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "constant_pad_nd", "amax",
    "amin", "max", "min", "logsumexp", "sort", "tril", "triu", "fill", "zero", "_unsafe_view", "contiguous",
)  # fmt: skip
LINEAR = (
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "_adaptive_avg_pool2d", "_adaptive_avg_pool3d", "adaptive_avg_pool1d",
    "upsample_nearest1d", "upsample_nearest2d", "upsample_nearest3d", "upsample_linear1d", "upsample_bilinear2d",
    "upsample_bicubic2d", "upsample_trilinear3d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa", "reflection_pad1d",
    "reflection_pad2d", "reflection_pad3d", "replication_pad1d", "replication_pad2d", "replication_pad3d",
    "im2col", "col2im",
)  # fmt: skip
GATHERING = ("cumsum", "index", "index_select", "gather")

RULES: dict[str, Rule] = {
    **{name: constant(slope) for name, slope in SLOPES.items()},
    **{name: constant(1.0) for name in STILL},
    **{name: linear() for name in LINEAR},
    **{name: linear(batched=False) for name in GATHERING},
    "convolution": linear("input"),
    "native_batch_norm": _batch_norm,
    "cudnn_batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": linear("input"),
    "native_layer_norm": _normalised("input"),
    "native_group_norm": _normalised("input"),
    "add": _sum,
    "sub": _sum,
    "rsub": _sum,
    "mul": _product,
    "div": _quotient,
    "mm": _matrix_product("self", "mat2"),
    "bmm": _matrix_product("self", "mat2"),
    "mv": _matrix_product("self", "vec"),
    "dot": _matrix_product("self", "tensor"),
    "addmm": _matrix_product("mat1", "mat2", "alpha"),
    "addmv": _matrix_product("mat", "vec", "alpha"),
    "baddbmm": _matrix_product("batch1", "batch2", "alpha"),
    "leaky_relu": _leaky,
    "_prelu_kernel": _prelu,
    "elu": _elu,
    "celu": _celu,
    "threshold": _threshold,
    "linalg_vector_norm": _norm,
    "pow": _power,
    "_log_softmax": _log_softmax,
    "sum": _sum_over,
    "mean": _sum_over,
    "repeat": _repeat,
    "max_pool2d_with_indices": _windows,
    "max_pool3d_with_indices": _windows,
    "adaptive_max_pool2d": _adaptive_windows,
    "adaptive_max_pool3d": _adaptive_windows,
    "maximum": _select,
    "minimum": _select,
    "where": _select,
    **dict.fromkeys(("masked_fill", "clamp", "clamp_min", "clamp_max"), _broadcasting),
}

#: Arguments whose parts end up side by side, so that squares add up; those of the others add up themselves.
BESIDE = ("cat", "stack", "maximum", "minimum", "where")
