"""The batches that an examination looks at: a limited number, copied, and said; whatever a batch's first entry is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, IterableDataset

from gradus.arguments import refusal
from gradus.text import Text

MOST_SAMPLES, MOST_BYTES, CHUNK = 4096, 2**28, 512


@dataclass
class Taken:
    """What was taken of the data.

    Attributes:
        batches: pairs (inputs, targets) of the examination's own.
        samples: how many there are.
        whole: whether these are all.
        note: which they are.
        length: of the data, where it is known.
    """

    batches: list[tuple[Any, Any]]
    samples: int
    whole: bool
    note: Text
    length: int | None = None


def taken(name: str, data: Any, seed: int, most: int = MOST_SAMPLES) -> Taken:
    """Copies of the first batches, or of random samples of one pair of tensors.

    Raises:
        GradusError: no pair, no batches of such, or none at all.
    """
    if _is_pair(data):
        return _of_pair(name, data, seed, most)
    by_sample = isinstance(data, Dataset) and not isinstance(data, IterableDataset)
    if isinstance(data, (str, bytes, Mapping, Tensor)) or by_sample or not isinstance(data, Iterable):
        mend = ("", "")
        if isinstance(data, Dataset):
            call = "torch.utils.data.DataLoader(dataset, batch_size=64)"
            mend = (f"give {call}", f"请给出 {call}")
        raise refusal(name, ("a pair (inputs, targets) or batches of such pairs", "一对 (inputs, targets) 或由其构成的批次"), data, mend, kind=True)  # fmt: skip
    if isinstance(data, (tuple, list)) and any(isinstance(part, np.ndarray) for part in data):
        mend = ("torch.from_numpy makes them so", "可用 torch.from_numpy 转换")
        raise refusal(name, ("tensors", "张量"), Text("arrays of NumPy", "NumPy 数组"), mend, kind=True)
    batches: list[tuple[Any, Any]] = []
    count = size = 0
    whole = True
    for number, batch in enumerate(data):
        if count >= most or size >= MOST_BYTES:
            whole = False
            break
        if not isinstance(batch, Sequence) or isinstance(batch, (str, bytes)) or len(batch) != 2:
            came: Any = batch
            if isinstance(batch, (tuple, list)):
                came = Text(f"{len(batch)} entries", f"{len(batch)} 项")
            raise refusal(f"{name}[{number}]", ("a pair (inputs, targets)", "一对 (inputs, targets)"), came, kind=True)  # fmt: skip
        inputs, targets = _checked(f"{name}[{number}]", batch)
        batches.append((copied(inputs), copied(targets)))
        count += length(inputs)
        size += bytes_of(inputs) + bytes_of(targets)
    if not batches:
        raise refusal(name, ("at least one batch", "至少一个批次"), Text("none", "没有"))
    n = len(batches)
    if whole:
        note = Text(f"all {n} batches, {count} samples", f"全部 {n} 个批次，共 {count} 个样本")
    else:
        note = Text(f"the first {n} batches, {count} samples", f"前 {n} 个批次，共 {count} 个样本")
    return Taken(batches, count, whole, note, count if whole else None)


def beginning(whole: Taken, most: int) -> Taken:
    """The first samples of what was taken, where that is more."""
    if whole.samples <= most:
        return whole
    batches: list[tuple[Any, Any]] = []
    count = 0
    for inputs, targets in whole.batches:
        take = min(most - count, length(inputs))
        if take > 0:
            batches.append((rows(inputs, slice(take)), rows(targets, slice(take))))
            count += take
    note = Text(f"the first {count} of these samples", f"其中的前 {count} 个样本")
    return Taken(batches, count, False, note, whole.length)


def _is_pair(data: Any) -> bool:
    if not isinstance(data, (tuple, list)) or len(data) != 2:
        return False
    inputs, targets = data
    if isinstance(inputs, (tuple, list)) and isinstance(targets, (tuple, list)):
        return not (_is_pair(inputs) or _is_pair(targets))  # else two batches
    return isinstance(inputs, Tensor) or (isinstance(inputs, Mapping) and not isinstance(targets, Mapping))


def _of_pair(name: str, data: Any, seed: int, most: int) -> Taken:
    inputs, targets = _checked(name, data)
    n = length(inputs)
    count = max(1, min(n, most, int(MOST_BYTES * n / max(bytes_of(inputs) + bytes_of(targets), 1))))
    whole = count == n
    if whole:
        index = torch.arange(n)
        note = Text(f"all {n} samples", f"全部 {n} 个样本")
    else:
        index = torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:count]
        note = Text(f"{count} of {n} samples, drawn at random", f"从 {n} 个样本中随机抽取 {count} 个")
    parts = max(1, round(count / CHUNK + 0.499))
    cuts = index.tensor_split(parts)  # parts of nearly one size, no small one at the end
    batches = [(copied(rows(inputs, cut)), copied(rows(targets, cut))) for cut in cuts]
    return Taken(batches, count, whole, note, n)


def _checked(name: str, batch: Any) -> tuple[Any, Any]:
    inputs, targets = batch
    sizes = [length(inputs), length(targets)]
    if sizes[0] < 1 or sizes[0] != sizes[1]:
        shown = " / ".join(str(s) if s >= 0 else "?" for s in sizes)
        raise refusal(name, ("as many targets as inputs, samples along the first axis", "输入与目标的样本数相同，样本在第一维"), Text(shown, shown))  # fmt: skip
    return inputs, targets


def tensors(value: Any) -> Iterator[Tensor]:
    """All tensors in nested dictionaries, tuples and lists."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from tensors(part)
    elif isinstance(value, (tuple, list)):
        for part in value:
            yield from tensors(part)


def length(value: Any) -> int:
    """Samples along the first axis of the first tensor; −1 where there is none."""
    first = next(tensors(value), None)
    return -1 if first is None or not first.dim() else len(first)


def bytes_of(value: Any) -> int:
    """Of all tensors together."""
    return sum(t.numel() * t.element_size() for t in tensors(value))


def mapped(value: Any, function: Any) -> Any:
    """The same structure with the function's results for its tensors."""
    if isinstance(value, Tensor):
        return function(value)
    if isinstance(value, Mapping):
        kind: Any = type(value)
        parts = {k: mapped(v, function) for k, v in value.items()}
        try:
            return kind(parts)
        except Exception:
            return parts
    if isinstance(value, (tuple, list)):
        parts_ = [mapped(v, function) for v in value]
        return type(value)(*parts_) if hasattr(value, "_fields") else type(value)(parts_)
    return value


def copied(value: Any) -> Any:
    """Tensors of the examination's own, outside of any graph."""
    with torch.inference_mode(False):
        return mapped(value, lambda t: t.detach().clone())


def rows(value: Any, index: Any) -> Any:
    """The samples of an index."""
    n = length(value)
    return mapped(value, lambda t: t[index] if t.dim() and len(t) == n else t)


def joined(values: Sequence[Any]) -> Any:
    """Structures of one form, sample after sample.

    Raises:
        RuntimeError: their shapes do not fit.
    """
    first = values[0]
    if len(values) == 1:
        return first
    if isinstance(first, Tensor):
        return torch.cat(list(values))
    if isinstance(first, Mapping):
        return {k: joined([v[k] for v in values]) for k in first}
    if isinstance(first, (tuple, list)):
        parts = [joined([v[k] for v in values]) for k in range(len(first))]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    return first
