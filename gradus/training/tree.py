"""Nested state (an optimiser's, for one) taken apart into named tensors and plain JSON, and put together again."""

from typing import Any

import torch

from gradus.text import Text
from gradus.training.errors import CheckpointError


def pack(value: Any, prefix: str, tensors: dict[str, torch.Tensor]) -> Any:
    """JSON for `value`; its tensors go into `tensors` under names that begin with `prefix`.

    None, booleans, integers and text stand for themselves; every other value is an object with one key that
    says what it is. Floats are spelled in hexadecimal, so they return bit for bit, infinities too.

    Raises:
        CheckpointError: for a value that is none of these (a function, say).
    """
    if isinstance(value, torch.Tensor):
        name = f"{prefix}#{len(tensors)}"
        tensors[name] = value.detach()
        return {"tensor": name}
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return {"float": value.hex()}
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return {kind: [pack(item, prefix, tensors) for item in value]}
    if isinstance(value, dict):
        pairs = [[pack(key, prefix, tensors), pack(item, prefix, tensors)] for key, item in value.items()]
        return {"dict": pairs}
    raise CheckpointError(
        Text(
            f"expected state made of tensors, numbers, text, lists and dictionaries, got {type(value).__name__} "
            f"in {prefix}",
            f"状态应由张量、数、文本、列表与字典组成，{prefix} 处得到 {type(value).__name__}",
        )
    )


def unpack(packed: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """The value that `pack` took apart.

    Raises:
        CheckpointError: when `packed` is not something that `pack` writes.
    """
    if packed is None or isinstance(packed, bool | int | str):
        return packed
    try:
        ((kind, body),) = packed.items()
        if kind == "tensor":
            # Memory of its own, aligned as PyTorch aligns it: a dot product may round otherwise on a crooked address.
            return tensors[body].clone()
        if kind == "float":
            return float.fromhex(body)
        if kind == "list":
            return [unpack(item, tensors) for item in body]
        if kind == "tuple":
            return tuple(unpack(item, tensors) for item in body)
        if kind == "dict":
            return {unpack(key, tensors): unpack(item, tensors) for key, item in body}
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError):
        pass
    raise CheckpointError(
        Text(f"expected packed state, got {str(packed)[:60]}", f"应为打包后的状态，得到 {str(packed)[:60]}")
    )
