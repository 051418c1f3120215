"""Hooks by which an optimiser watches a model's forward pass: they hold it weakly, and a copied model leaves them behind."""

from __future__ import annotations

import weakref
from typing import Any, Generic, Protocol, TypeVar

from torch import nn


class Watcher(Protocol):
    """Who is told of a model's forward passes."""

    def begin(self, model: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Before the model's forward pass."""

    def end(self, output: Any) -> None:
        """After it."""


W = TypeVar("W", bound=Watcher)


class Hook(Generic[W]):
    """A hook on a module that tells its watcher, as long as that lives.

    The model must not keep an optimiser alive that nobody uses any more; and a copy of the model, or the model read back from
    a file, belongs to no optimiser: there the hook is dead.
    """

    def __init__(self, watcher: W | None = None) -> None:
        self.reference = None if watcher is None else weakref.ref(watcher)

    @property
    def watcher(self) -> W | None:
        """Whom it tells; None where it is dead."""
        return None if self.reference is None else self.reference()

    @property
    def dead(self) -> bool:
        """Whether a call does nothing."""
        return self.watcher is None

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return type(self), ()


class BeginHook(Hook[Watcher]):
    """Before the model's forward pass."""

    def __call__(self, model: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Tells of it."""
        if (watcher := self.watcher) is not None:
            watcher.begin(model, arguments, options)


class EndHook(Hook[Watcher]):
    """After the model's forward pass."""

    def __call__(self, _model: nn.Module, _arguments: Any, output: Any) -> None:
        """Tells of it."""
        if (watcher := self.watcher) is not None:
            watcher.end(output)
