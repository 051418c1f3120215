"""What the judges of a training loop see: its passes, its steps, and the numbers of both, each read once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.examination.verdicts import Level
from gradus.examination.watch_graph import Graph
from gradus.examination.watch_quick import Quick
from gradus.text import Text

Say = Callable[..., None]
#: Losses that are means over a batch: several of them added make a larger step.
MEANS = frozenset(
    {"NllLossBackward0", "NllLoss2DBackward0", "MseLossBackward0", "BinaryCrossEntropyWithLogitsBackward0"}
)
MEAN = 1  # PyTorch's number for reduction="mean"
SCALING = ("MulBackward0", "DivBackward0")
FULL = (torch.float32, torch.float64)


def norms(tensors: Sequence[Tensor]) -> list[float]:
    """Euclidean norms in single precision at least, read from the device at once."""
    if not tensors:
        return []
    with torch.no_grad():
        plain = all(t.dtype in FULL and t.layout is torch.strided for t in tensors)
        dense = list(tensors) if plain else [_dense(t) for t in tensors]
        found = torch._foreach_norm(dense, 2)
        try:
            values: list[float] = torch.stack(found).tolist()
        except RuntimeError:  # on several devices, or in several precisions
            values = [float(v) for v in found]
    if math.isfinite(sum(values)):
        return values
    # the squares of large numbers overflow where the numbers do not
    return [
        v if math.isfinite(v) or not bool(t.isfinite().all()) else float(t.detach().double().norm())
        for v, t in zip(values, dense, strict=True)
    ]


def _dense(value: Tensor) -> Tensor:
    value = value.detach()
    if value.layout is not torch.strided:
        value = value.coalesce().values() if value.layout is torch.sparse_coo else value.to_dense()
    if value.is_complex():
        value = torch.view_as_real(value)
    return value.float() if value.dtype in (torch.float16, torch.bfloat16) else value


def whole(parts: Sequence[float]) -> float:
    """The norm of all from the norms of the parts."""
    return math.sqrt(sum(p * p for p in parts)) if all(abs(p) < 1e150 for p in parts) else max(parts)


def listed(names: Sequence[str], most: int = 4) -> str:
    """Names in a line, the many cut short."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown}, … ({len(names)})"


def ratio(value: float) -> str:
    """A number in three digits."""
    return f"{value:.3g}"


class Passage:
    """A backward pass.

    Attributes:
        root: what `backward` is called on.
        value: the loss, where it is one number.
        scale: what the loss was multiplied by at the very end, as a `GradScaler` does and a division by a number of batches.
        forwards: training passes of the model since the last backward pass.
        plain: whether the loss is one finite number that depends on something and was not scaled.
        several: whether it is not the first since the step before.
        mean: whether it is a mean over samples, undivided.
        spread: whether its targets differ between samples.
    """

    def __init__(self, root: Tensor, names: dict[int, str], forwards: int, several: bool) -> None:
        self.root, self._names, self.forwards, self.several = root, names, forwards, several
        self.value: float | None = root.item() if root.numel() == 1 and not root.is_meta else None
        self.function = "" if root.grad_fn is None else root.grad_fn.name()
        self.mean = self.function in MEANS and getattr(root.grad_fn, "_saved_reduction", 0) == MEAN
        self.spread = True
        self.scale = self._scale() if self.function in SCALING else None
        self.plain = (
            root.requires_grad
            and self.scale is None
            and self.value is not None
            and self.value - self.value == 0
        )

    def _scale(self) -> float | None:
        kept: Any = getattr(self.root.grad_fn, "_raw_saved_other", None)
        other = None if kept is None or getattr(kept, "unpack_hook", kept) is not None else kept.data
        if other is None or (isinstance(other, Tensor) and other.numel() != 1):
            return None
        return float(other) if self.function.startswith("Mul") else 1 / float(other) if float(other) else None

    @cached_property
    def graph(self) -> Graph:
        """The graph behind it; read before it is freed."""
        return Graph(self.root, self._names)

    def forget(self) -> None:
        """Lets the graph go."""
        self.__dict__.pop("graph", None)
        del self.root


@dataclass
class Step:
    """A step of an optimiser.

    Attributes:
        optimizer: that takes it.
        which: its place among those that are watched.
        number: of its steps, from 1.
        deep: whether all weights and activations are looked at.
        closure: whether the optimiser computes the gradients itself.
        look: whether the numbers of its gradients are read.
        held: its parameters with their group.
        names: their dotted names; of those that are not the model's, their place in the optimiser.
        passages: the backward passes since the step before, of any optimiser.
    """

    optimizer: Optimizer
    which: int
    number: int
    deep: bool
    closure: bool
    held: list[tuple[Tensor, dict[str, Any]]]
    names: list[str]
    passages: list[Passage] = field(default_factory=list)
    look: bool = True
    before: list[Tensor] | None = None  # of a deep step, copies of the parameters
    unwritten: bool = True  # whether nobody has written to the gradients since they came

    @cached_property
    def gradients(self) -> dict[str, float]:
        """The norm of each gradient, by name; those that are there."""
        gradients = [p.grad for p in self.there.values() if p.grad is not None]
        return dict(zip(self.there, norms(gradients), strict=True))

    @property
    def loss(self) -> float | None:
        """The mean of the losses behind it."""
        values = [p.value for p in self.passages if p.value is not None]
        if self.closure:
            values = values[:1]
        return sum(values) / len(values) if values else None

    @cached_property
    def sizes(self) -> list[float]:
        """The norms of the parameters before the step."""
        return norms(self.before if self.before is not None else [p for p, _ in self.held])

    @cached_property
    def length(self) -> float:
        """The norm of the whole gradient."""
        return whole(list(self.gradients.values()) or [0.0])

    @cached_property
    def there(self) -> dict[str, Tensor]:
        """Those that have a gradient, by name."""
        return {n: p for n, (p, _) in zip(self.names, self.held, strict=True) if p.grad is not None}

    @cached_property
    def named(self) -> dict[str, Tensor]:
        """Its parameters by name."""
        return {n: p for n, (p, _) in zip(self.names, self.held, strict=True)}


@dataclass
class Scene:
    """The loop that is watched.

    Attributes:
        model: that is trained.
        optimizers: that train it.
        say: names a fault: kind, place, evidence.
        names: the dotted names of the model's parameters by identity.
        others: optimisers that were seen to step besides.
        calls: of the last forward pass, the layers with parameters in their order, and whether gradients were on; None
            where it was not listened to.
        listen: how many of the next forward passes are listened to.
        training: the mode of the model in its last forward pass with gradients.
        half: whether that pass computed in float16.
        quick: what is kept of each optimiser between its steps.
    """

    model: nn.Module
    optimizers: tuple[Optimizer, ...]
    say: Say
    names: dict[int, str] = field(default_factory=dict)
    others: list[Optimizer] = field(default_factory=list)
    calls: dict[str, bool] | None = None
    listen: int = 2
    training: bool | None = None
    half: bool = False
    quick: list[Quick] = field(init=False)

    def __post_init__(self) -> None:
        self.quick = [Quick(optimizer) for optimizer in self.optimizers]

    def scan(self) -> None:
        """Looks at which parameters the model has."""
        self.names = {id(p): name for name, p in self.model.named_parameters()}
        for quick in self.quick:
            quick.refresh(self.names, renamed=True)

    def parameters(self) -> list[tuple[str, Tensor]]:
        """The model's parameters."""
        return [(name, p) for name, p in self.model.named_parameters()]


class Judge:
    """Looks at one kind of events and says what is wrong."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def say(
        self,
        kind: str,
        place: str,
        en: str,
        zh: str,
        level: Level | None = None,
        place_zh: str | None = None,
        **words: Any,
    ) -> None:
        """Names a fault at the step at hand."""
        self.scene.say(kind, Text(place, place_zh or place), Text(en, zh), level, **words)

    def enters(self) -> None:
        """The watch begins."""

    def forward(self, inputs: Tensor | None, gradients: bool) -> None:
        """The model is called."""

    def output(self, output: Tensor, deep: bool) -> None:
        """It has put out, with gradients on."""

    def backward_begins(self, passage: Passage, deep: bool) -> None:
        """A backward pass begins."""

    def backward_ends(self, passage: Passage) -> None:
        """It has ended."""

    def step_begins(self, step: Step) -> None:
        """An optimiser begins its step."""

    def gradients_ready(self, step: Step) -> None:
        """The gradients that a step uses are known: before it, or after it where it computes them itself."""

    def leaps(self) -> None:
        """The gradient or the loss has changed much since the step before: what was seen earlier may hold no more."""

    def step_ends(self, step: Step) -> None:
        """The step is done."""

    def stranger(self, optimizer: Optimizer) -> None:
        """Another optimiser, which holds parameters of the model, steps for the first time."""

    def leaves(self, steps: int) -> None:
        """The watch ends."""
