"""What an examination must leave as it was: the model, its loss, the generators, PyTorch's own settings."""

from __future__ import annotations

import gc
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import _get_current_dispatch_mode

from gradus.explanation.torch_state import State, holdings


class Guard:
    """Notes everything when it is made; `restore` puts it back, as often as it is called.

    Of the model and of modules, tensors and generators that the loss and a data loader hold: attributes, parameters, buffers,
    gradients, modes and hooks, to the bit. Of the process: the generators of Python, NumPy and PyTorch, the default dtype, the
    gradient mode, the kernels that attention may use, and the number of threads.
    """

    def __init__(self, model: nn.Module, *others: Any) -> None:
        self._state = State()
        # a layer that has no shape yet has nothing to be noted, and is not run
        self.lazy = any(is_lazy(t) for t in [*model.parameters(), *model.buffers()])
        if not self.lazy:
            self._state.keep(model)
        for other in others:
            for _, held in holdings(other):
                if held is not model:
                    self._state.keep(held)
        self._settings: list[Callable[[], object]] = [
            _setting(torch.set_grad_enabled, torch.is_grad_enabled()),
            _setting(torch.set_num_threads, torch.get_num_threads()),
            _setting(torch.backends.cuda.enable_flash_sdp, torch.backends.cuda.flash_sdp_enabled()),
            _setting(torch.backends.cuda.enable_math_sdp, torch.backends.cuda.math_sdp_enabled()),
            _setting(
                torch.backends.cuda.enable_mem_efficient_sdp, torch.backends.cuda.mem_efficient_sdp_enabled()
            ),
            _setting(torch.backends.cuda.enable_cudnn_sdp, torch.backends.cuda.cudnn_sdp_enabled()),
            _setting(torch.backends.mha.set_fastpath_enabled, torch.backends.mha.get_fastpath_enabled()),
            _setting(sys.setrecursionlimit, sys.getrecursionlimit()),
            _setting(setattr, torch.backends.cudnn, "enabled", torch.backends.cudnn.enabled),
        ]
        self._modes = len(torch.overrides._get_current_function_mode_stack())

    def restore(self) -> None:
        """Puts everything back."""
        stack = torch.overrides._get_current_function_mode_stack()
        for mode in reversed(stack[self._modes :]):  # left by what was interrupted
            TorchFunctionMode.__exit__(mode, None, None, None)
        for put_back in self._settings:
            put_back()
        with torch.inference_mode(False):
            self._state.restore()


def _setting(change: Callable[..., object], *value: Any) -> Callable[[], object]:
    return lambda: change(*value)


class _Nowhere(io.TextIOBase):
    """Counts what is written, and keeps none of it."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, text: str) -> int:
        self.count += len(text)
        return len(text)

    def writable(self) -> bool:
        return True


@contextmanager
def silence() -> Iterator[_Nowhere]:
    """Within it, what the model prints goes nowhere, its warnings too; it is counted."""
    sink, out, err = _Nowhere(), sys.stdout, sys.stderr
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.stdout = sys.stderr = sink
        try:
            yield sink
        finally:
            sys.stdout, sys.stderr = out, err


@contextmanager
def modes_left_alone() -> Iterator[None]:
    """Takes out the dispatch modes that are still entered at its end: a time limit may strike between a mode's steps."""
    before = torch._C._len_torch_dispatch_stack()
    try:
        yield
    finally:
        while (held := torch._C._len_torch_dispatch_stack()) > before:
            with suppress(Exception):  # its own end takes out its hooks on all modules, too
                mode: Any = _get_current_dispatch_mode()
                # of PyTorch's counter of operations the hooks belong to the counter, not to its mode
                getattr(mode, "counter", mode).__exit__(None, None, None)
            if torch._C._len_torch_dispatch_stack() == held:
                torch._C._pop_torch_dispatch_stack(None)


def tidy() -> None:
    """Lets go of the graphs that a check has left in cycles."""
    gc.collect()
