"""PyTorch."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradus.frameworks.base import Framework
from gradus.page.not_applicable import NoGradient
from gradus.text import Text


class Torch(Framework):
    """PyTorch on the processor."""

    name = "torch"
    title = "PyTorch"
    packages = ("torch",)
    precisions = ("float64", "float32", "bfloat16")
    differentiates = True

    def is_array(self, value: Any) -> bool:
        """Whether the value is a tensor."""
        return self.loaded and isinstance(value, sys.modules["torch"].Tensor)

    def from_numpy(self, array: np.ndarray, dtype: str) -> Any:
        """The array as a tensor, on the array's own memory where its dtype stays."""
        import torch

        # PyTorch cannot take memory that is read-only or runs backwards
        foreign = not array.flags.writeable or any(s < 0 for s in array.strides)
        tensor = torch.from_numpy(np.array(array) if foreign else array)
        return tensor.to(getattr(torch, dtype)) if tensor.is_floating_point() else tensor

    def tracked(self, value: Any) -> Any:
        """A floating-point tensor as a leaf that requires its gradient."""
        floating = self.is_array(value) and value.is_floating_point()
        return value.detach().clone().requires_grad_() if floating else value

    def to_numpy(self, value: Any) -> np.ndarray:
        """The tensor detached, on the processor; floating-point numbers as float64."""
        value = value.detach().cpu()
        array: np.ndarray = (value.double() if value.is_floating_point() else value).numpy()
        return array

    def namespace(self) -> Any:
        """`torch`."""
        import torch

        return torch

    def lacks_kernel(self, error: Exception) -> bool:
        """Whether it refuses the precision itself, as PyTorch's factorisations do in 16 bits."""
        message = str(error)
        refusals = (
            "not implemented for",
            "dtypes not supported",
            "to be Half, Float or Double tensors but got BFloat16",  # complex numbers of two parts
            "only supported for half, float and double tensors",  # complex numbers of pairs
            "doesn't handle types other than float and double",  # least squares
            "of float, double, cfloat or cdouble types",  # the pseudoinverse
            "unsupported ScalarType BFloat16",  # NumPy has no such numbers
        )
        return any(words in message for words in refusals)

    def vjp(
        self,
        function: Callable[[dict[str, Any]], Sequence[Any]],
        arguments: Mapping[str, Any],
        cotangents: Sequence[Any],
        wanted: tuple[str, ...],
    ) -> dict[str, Any]:
        """By `torch.autograd.grad`; see `Framework.vjp`."""
        import torch

        tensors = dict(arguments)
        for name in wanted:
            tensors[name] = tensors[name].detach().clone().requires_grad_()
        with torch.enable_grad():
            results = function(tensors)
        dependent = [
            (r * torch.as_tensor(w, dtype=r.dtype).reshape(r.shape)).sum()
            for r, w in zip(results, cotangents, strict=True)
            if self.is_array(r) and r.requires_grad
        ]
        if not dependent:
            raise NoGradient(Text("the result carries no gradient", "结果不带梯度"))
        # of one number: a gradient with cotangents of its own makes PyTorch import SymPy, which takes longer than all claims
        gradients = torch.autograd.grad(sum(dependent), [tensors[n] for n in wanted], allow_unused=True)
        return {
            n: torch.zeros_like(tensors[n]) if g is None else g
            for n, g in zip(wanted, gradients, strict=True)
        }

    def peak_memory(self, call: Callable[[], Any]) -> int:
        """By PyTorch's own profiler, which sees every allocation."""
        # the profiler writes its own start and stop to stderr otherwise
        os.environ.setdefault("KINETO_LOG_LEVEL", "99")
        import torch
        from torch.profiler import ProfilerActivity, profile

        with torch.no_grad(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
            call()
        events = [e for e in recorded.profiler.kineto_results.events() if e.name() == "[memory]"]
        held = peak = 0
        for event in sorted(events, key=lambda e: e.start_ns()):
            held += event.nbytes()
            peak = max(peak, held)
        return peak

    def multiplications(self, call: Callable[[], Any]) -> int:
        """By PyTorch's counter, which sees every operation and counts 2 for a multiply-add."""
        from torch.utils.flop_counter import FlopCounterMode

        with FlopCounterMode(display=False) as counter:
            call()
        flops: int = counter.get_total_flops()
        return flops // 2
