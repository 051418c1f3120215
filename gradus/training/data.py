"""Data in memory, batched by index."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gradus.errors import GradusError
from gradus.text import Text
from gradus.training.known_losses import fitting_targets


@dataclass(frozen=True)
class InMemory:
    """Inputs and targets of equal length."""

    inputs: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def to(self, device: torch.device, dtype: torch.dtype) -> "InMemory":
        """The same data on a device, its numbers in the model's precision.

        Whole numbers stay whole. Complex numbers stay complex, and real targets real, also of a complex model.
        """
        inputs = _precision(self.inputs, dtype, dtype)
        targets = _precision(self.targets, dtype.to_real(), dtype)
        return InMemory(self.inputs.to(device, inputs), self.targets.to(device, targets))

    def fitting(self, loss: Any, dtype: torch.dtype) -> "InMemory":
        """The same data with targets of the type that the loss takes."""
        return InMemory(self.inputs, fitting_targets(loss, self.targets, dtype))

    def batch(self, indices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The samples at `indices`."""
        return self.inputs.index_select(0, indices), self.targets.index_select(0, indices)


def _precision(value: torch.Tensor, real: torch.dtype, other: torch.dtype) -> torch.dtype:
    if value.is_complex():
        return other.to_complex()
    return real if value.is_floating_point() else value.dtype


def _from_numpy(array: np.ndarray) -> torch.Tensor:
    try:
        return torch.from_numpy(array)
    except TypeError as error:
        raise GradusError(
            Text(
                f"expected numbers that PyTorch knows, got dtype {array.dtype}: {error}",
                f"应为 PyTorch 支持的数，得到 dtype {array.dtype}：{error}",
            )
        ) from None


def _tensor(value: Any, what: str) -> torch.Tensor:
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            raise GradusError(
                Text(
                    f"expected numbers as {what}, got an array of Python objects",
                    f"{what} 应为数，得到由 Python 对象组成的数组",
                )
            )
        # torch cannot share memory that is read-only or runs backwards.
        value = _from_numpy(
            value if value.flags.writeable and min(value.strides, default=0) >= 0 else value.copy()
        )
    if not isinstance(value, torch.Tensor):
        raise GradusError(
            Text(
                f"expected {what} as a tensor or a NumPy array, got {type(value).__name__}",
                f"{what} 应为张量或 NumPy 数组，得到 {type(value).__name__}",
            )
        )
    if value.dim() == 0 or value.layout != torch.strided or value.is_meta:
        raise GradusError(
            Text(
                f"expected {what} as a dense tensor of samples, got shape {tuple(value.shape)}, {value.layout}",
                f"{what} 应为由样本组成的稠密张量，得到形状 {tuple(value.shape)}，{value.layout}",
            )
        )
    return value.detach()


def in_memory(data: Any, what: str = "data") -> InMemory:
    """Check and wrap `(inputs, targets)`.

    Raises:
        GradusError: unless it is a pair of tensors or arrays of equal, positive length.
    """
    if isinstance(data, InMemory):
        return data
    if not isinstance(data, tuple | list) or len(data) != 2:
        raise GradusError(
            Text(
                f"expected {what} as a pair (inputs, targets), got {type(data).__name__}",
                f"{what} 应为一对 (inputs, targets)，得到 {type(data).__name__}",
            )
        )
    inputs, targets = _tensor(data[0], f"{what} inputs"), _tensor(data[1], f"{what} targets")
    if len(inputs) != len(targets) or len(inputs) == 0:
        raise GradusError(
            Text(
                f"expected {what} with as many inputs as targets, at least one, got {len(inputs)} and {len(targets)}",
                f"{what} 的输入与目标应一样多，且至少一个，得到 {len(inputs)} 与 {len(targets)}",
            )
        )
    return InMemory(inputs, targets)
