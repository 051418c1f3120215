"""How a watch hears of a loop: hooks on the model and on optimisers, and one ear on `torch.autograd.backward`.

None of them computes anything that the loop computes, draws a random number, or keeps a graph alive. The hooks hold the watch
weakly, and a copy of the model leaves them behind; the ear is put on when the first watch begins and taken off with the last.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from gradus.optimization.forward_hooks import Hook


class Listener(Protocol):
    """Who is told."""

    def begin(self, model: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """The model is called."""

    def end(self, output: Any) -> None:
        """It has answered."""

    def layer(self, name: str) -> None:
        """A layer with parameters of its own has run."""

    def backward(self, roots: tuple[Tensor, ...]) -> Any:
        """A backward pass begins; what is given back goes to `backward_ended`."""

    def backward_ended(self, passages: Any) -> None:
        """It has ended, without an error."""

    def step(self, optimizer: Optimizer, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """An optimiser begins its step."""

    def step_ended(self, optimizer: Optimizer) -> None:
        """It has ended its step."""


class RootBegins(Hook[Listener]):
    """Before the model's forward pass."""

    def __call__(self, model: nn.Module, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        """Tells of it."""
        if (listener := self.watcher) is not None:
            listener.begin(model, arguments, options)


class RootEnds(Hook[Listener]):
    """After it."""

    def __call__(self, _model: nn.Module, _arguments: Any, output: Any) -> None:
        """Tells of it."""
        if (listener := self.watcher) is not None:
            listener.end(output)


class LayerRan(Hook[Listener]):
    """After a layer's forward pass."""

    def __init__(self, watcher: Listener | None = None, name: str = "") -> None:
        super().__init__(watcher)
        self.name = name

    def __call__(self, *_: Any) -> None:
        """Tells of it."""
        if (listener := self.watcher) is not None:
            listener.layer(self.name)


def hook_root(model: nn.Module, listener: Listener) -> list[Any]:
    """A hook on the model; to be removed."""
    return [model.register_forward_pre_hook(RootBegins(listener), with_kwargs=True)]


def hook_end(model: nn.Module, listener: Listener) -> list[Any]:
    """A hook after the model's forward pass; to be removed."""
    return [model.register_forward_hook(RootEnds(listener))]


def hook_layers(model: nn.Module, listener: Listener) -> list[Any]:
    """Hooks on every layer with parameters of its own; to be removed."""
    return [
        module.register_forward_hook(LayerRan(listener, name or next(iter(module._parameters))))
        for name, module in model.named_modules()
        if any(p is not None for p in module._parameters.values())
    ]


def hook_optimizers(listener: Listener) -> list[Any]:
    """Hooks on the steps of all optimisers, also of those that are not watched; to be removed."""

    def before(optimizer: Optimizer, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        listener.step(optimizer, arguments, options)

    def after(optimizer: Optimizer, _arguments: tuple[Any, ...], _options: dict[str, Any]) -> None:
        listener.step_ended(optimizer)

    return [register_optimizer_step_pre_hook(before), register_optimizer_step_post_hook(after)]


class _Ear:
    """Stands in for `torch.autograd.backward` as long as somebody listens; `Tensor.backward` calls it, too."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.listeners: list[Listener] = []
        self.plain: Callable[..., Any] | None = None
        self.ear: Callable[..., Any] | None = None

    def add(self, listener: Listener) -> None:
        """Tell it of every backward pass."""
        with self.lock:
            self.listeners.append(listener)
            if self.ear is None:
                self.plain = torch.autograd.backward
                self.ear = _listening(self.plain, self.listeners)
                torch.autograd.backward = self.ear

    def remove(self, listener: Listener) -> None:
        """Tell it no more."""
        with self.lock:
            self.listeners[:] = [other for other in self.listeners if other is not listener]
            if not self.listeners and self.ear is not None:
                if torch.autograd.backward is self.ear:
                    torch.autograd.backward = self.plain  # type: ignore[assignment]
                self.ear = self.plain = None


EAR = _Ear()


def _listening(plain: Callable[..., Any], listeners: list[Listener]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def backward(tensors: Any, *arguments: Any, **options: Any) -> Any:
        roots = (tensors,) if isinstance(tensors, Tensor) else tuple(tensors)
        told = [(listener, listener.backward(roots)) for listener in tuple(listeners)]
        del roots
        result = plain(tensors, *arguments, **options)
        for listener, passages in told:
            listener.backward_ended(passages)
        return result

    return backward
