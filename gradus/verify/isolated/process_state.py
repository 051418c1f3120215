"""What a user's code may change for the whole process, put back between claims so that none depends on another."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Setting:
    """One setting of the process: how it is read and set, and whether a change is worth a word."""

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], Any]
    told: bool = True


def _folder() -> str:
    try:
        return str(Path.cwd())
    except OSError:  # it was removed
        return ""


def _signals() -> dict[int, Any]:
    return {s: signal.getsignal(s) for s in signal.valid_signals()}


def _set_signals(handlers: dict[int, Any]) -> None:
    for number, handler in handlers.items():
        if handler is not None and signal.getsignal(number) is not handler:
            with contextlib.suppress(OSError, ValueError):
                signal.signal(number, handler)


def _set_environment(values: dict[str, str]) -> None:
    if dict(os.environ) != values:
        os.environ.clear()
        os.environ.update(values)


def _set_list(target: list[Any]) -> Callable[[list[Any]], None]:
    def put_back(values: list[Any]) -> None:
        target[:] = values

    return put_back


def _streams() -> tuple[Any, ...]:
    return sys.stdout, sys.stderr, sys.stdin


def _set_streams(streams: tuple[Any, ...]) -> None:
    sys.stdout, sys.stderr, sys.stdin = streams


def _set_filters(filters: list[Any]) -> None:
    warnings.filters[:] = filters  # type: ignore[index]
    warnings._filters_mutated() if hasattr(warnings, "_filters_mutated") else None


def _general() -> list[Setting]:
    return [
        Setting("NumPy's error state", np.geterr, lambda v: np.seterr(**v)),
        Setting("NumPy's print options", np.get_printoptions, lambda v: np.set_printoptions(**v)),
        Setting("NumPy's global generator", lambda: None, lambda _: np.random.seed(0), told=False),
        Setting("Python's global generator", lambda: None, lambda _: random.seed(0), told=False),
        Setting("the working folder", _folder, lambda v: os.chdir(v) if v and _folder() != v else None),
        Setting("signal handlers", _signals, _set_signals),
        Setting("the environment", lambda: dict(os.environ), _set_environment),
        Setting("sys.path", lambda: list(sys.path), _set_list(sys.path)),
        Setting("the recursion limit", sys.getrecursionlimit, sys.setrecursionlimit),
        Setting("the standard streams", _streams, _set_streams),
        Setting("warning filters", lambda: list(warnings.filters), _set_filters, told=False),
        Setting("sys.excepthook", lambda: sys.excepthook, lambda v: setattr(sys, "excepthook", v)),
        Setting("tracing", sys.gettrace, sys.settrace),
    ]


def _set_deterministic(torch: Any, value: bool) -> None:
    """Only where it was changed: the call imports PyTorch's compiler, and that SymPy, which takes longer than PyTorch itself."""
    if torch.are_deterministic_algorithms_enabled() != value:
        torch.use_deterministic_algorithms(value)


def _of_torch(torch: Any) -> list[Setting]:
    return [
        Setting("PyTorch's default dtype", torch.get_default_dtype, torch.set_default_dtype),
        Setting("PyTorch's gradient mode", torch.is_grad_enabled, torch.set_grad_enabled),
        Setting("PyTorch's global generator", lambda: None, lambda _: torch.manual_seed(0), told=False),
        Setting("PyTorch's threads", torch.get_num_threads, torch.set_num_threads),
        Setting(
            "PyTorch's deterministic mode",
            torch.are_deterministic_algorithms_enabled,
            lambda v: _set_deterministic(torch, v),
        ),
    ]


class ProcessState:
    """The settings as they are when it is made: after the user's file is imported, which may set its own."""

    def __init__(self) -> None:
        torch = sys.modules.get("torch")
        self._with_torch = torch is not None
        self._settings = _general() + (_of_torch(torch) if torch is not None else [])
        self._values = [setting.read() for setting in self._settings]
        self.put_back()

    def put_back(self) -> list[str]:
        """Puts all settings back; the names of those that had been changed."""
        if not self._with_torch and "torch" in sys.modules:
            added = _of_torch(sys.modules["torch"])
            self._settings += added
            self._values += [setting.read() for setting in added]
            self._with_torch = True
        changed = []
        for setting, value in zip(self._settings, self._values, strict=True):
            with contextlib.suppress(Exception):
                if setting.told and not _same(setting.read(), value):
                    changed.append(setting.name)
                setting.write(value)
        with contextlib.suppress(AttributeError, OSError):
            signal.setitimer(signal.ITIMER_REAL, 0)
        return changed


def _same(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False
