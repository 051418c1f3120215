"""What the sections of an examination share: the model with its loss, data and optimiser, and what was measured of them once."""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gradus.examination.adapted import Adapted, tensor_targets
from gradus.examination.batches import Taken, beginning, copied, joined, length, rows
from gradus.examination.budget import OVERHEAD, SPEED, Budget
from gradus.examination.costs import activation_bytes_of, nodes_of, operations_of
from gradus.examination.outcomes import main_of, table_of, with_main
from gradus.examination.verdicts import Unchecked

PASS, FEWEST = 0.05, 32  # of the budget, for one pass of the model over its samples; samples at least
NORMS = nn.modules.batchnorm._BatchNorm


class Subject:
    """A model under examination.

    Attributes:
        model, loss, optimizer: as they were given.
        whole, whole_held: what was taken of the data, and of what was held out.
        train, held: of these, as many samples as the model can go over within the budget.
        budget: with its clock running.
        shares: the planned seconds of each section.
        seed: of all that is drawn.
        names: of the classes, where they are known.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Callable[[Any, Any], Any],
        train: Taken,
        held: Taken | None,
        optimizer: torch.optim.Optimizer | None,
        budget: Budget,
        seed: int,
        names: list[str] | None,
    ) -> None:
        self.model, self.loss, self.optimizer = model, loss, optimizer
        self.train, self.held, self.budget, self.seed, self.names = train, held, budget, seed, names
        self.whole, self.whole_held = train, held
        self.shares: dict[str, float] = {}
        self._known: dict[str, Any] = {}
        self.packed = not isinstance(train.batches[0][0], Tensor)

    # ---- what is made once -------------------------------------------------------------------------------------------

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returns, made at the first use; what it raises is raised again, without the work."""
        if name not in self._known:
            try:
                self._known[name] = make(), None
            except Exception as error:
                self._known[name] = None, error
        value, failure = self._known[name]
        if failure is not None:
            raise failure
        return value

    def knows(self, name: str) -> Any:
        """What was made before under this name; None where it was not."""
        return self._known.get(name, (None, None))[0]

    # ---- running the model -------------------------------------------------------------------------------------------

    def seeded(self) -> None:
        """Sets all generators."""
        random.seed(self.seed)
        np.random.seed(self.seed)
        torch.manual_seed(self.seed)

    def run(self, inputs: Any) -> Any:
        """What the model returns for inputs that it may change."""
        return self.model(copied(inputs))

    def value(self, inputs: Any, targets: Any) -> Tensor:
        """The loss of a batch.

        Raises:
            Unchecked: it is no tensor of one number.
        """
        value = self.loss(self.run(inputs), copied(targets))
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise Unchecked("the loss is no tensor of one number", "损失不是单个数的张量")
        return value.reshape(())

    def outputs(self, which: str = "train", evaluating: bool = False) -> list[Any]:
        """The model's outputs on the batches, without gradients, in the mode in which it stands or in evaluation mode."""
        return self.once(f"outputs {which} {evaluating}", lambda: self._outputs(which, evaluating))  # type: ignore[no-any-return]

    def _outputs(self, which: str, evaluating: bool) -> list[Any]:
        mode = self.evaluating() if evaluating else contextlib.nullcontext()
        with mode, torch.no_grad():
            return [copied(self.run(inputs)) for inputs, _ in self.batches(which)]

    def batches(self, which: str = "train") -> list[tuple[Any, Any]]:
        """The batches of the training data, or of those held out.

        Raises:
            Unchecked: none were held out.
        """
        if which == "train":
            return self.train.batches
        if self.held is None:
            raise Unchecked("no held-out data were given", "没有给出留出数据")
        return self.held.batches

    def all_batches(self, which: str = "train") -> list[tuple[Any, Any]]:
        """All batches that were taken, for what does not run the model.

        Raises:
            Unchecked: none were held out.
        """
        self.batches(which)
        return (self.whole if which == "train" else self.whole_held).batches  # type: ignore[union-attr]

    def limit(self) -> None:
        """Keeps as many samples as a twentieth of the budget lets the model go over."""
        n = self.whole.samples
        while n > FEWEST and self.seconds_of(1, n) > PASS * self.budget.seconds:
            n = 1 << ((n - 1).bit_length() - 1)
        self.train = beginning(self.whole, n)
        self.held = None if self.whole_held is None else beginning(self.whole_held, n)

    def tables(self, which: str = "train", evaluating: bool = False) -> tuple[Tensor, Tensor]:
        """Logits (N, C) and labels (N) of a classifier, over all batches.

        Raises:
            Unchecked: it is none.
        """
        pairs = [
            table_of(main_of(outputs), targets)
            for outputs, (_, targets) in zip(
                self.outputs(which, evaluating), self.batches(which), strict=True
            )
        ]
        found = [p for p in pairs if p is not None]
        if len(found) < len(pairs) or not found:
            raise Unchecked(
                "the targets are no classes, or the outputs no row of scores for each",
                "目标不是类别，或输出不是每个目标一行得分",
            )
        return torch.cat([z for z, _ in found]), torch.cat([y for _, y in found])

    @contextlib.contextmanager
    def evaluating(self) -> Iterator[None]:
        """The model in evaluation mode; batch norms that stood in training mode have statistics of these batches."""
        modes = [(m, m.training) for m in self.model.modules()]
        norms = [m for m, mode in modes if mode and isinstance(m, NORMS) and m.running_mean is not None]
        kept = [(m, copy.deepcopy(dict(m.named_buffers(recurse=False))), m.momentum) for m in norms]
        try:
            self.model.eval()
            if norms:
                for m in norms:
                    m.train()
                    m.reset_running_stats()
                    m.momentum = None
                with torch.no_grad():
                    for inputs, _ in self.train.batches[:8]:
                        self.run(inputs)
                self.model.eval()
            yield
        finally:
            for m, buffers, momentum in kept:
                m.momentum = momentum
                with torch.no_grad():
                    for name, value in buffers.items():
                        getattr(m, name).copy_(value)
            for module, mode in modes:
                module.training = mode

    # ---- what the library's instruments are given --------------------------------------------------------------------

    def part(self, n: int, which: str = "train") -> tuple[Any, Any]:
        """The first n samples and their targets."""
        parts, count = [], 0
        for inputs, targets in self.batches(which):
            if count >= n:
                break
            take = min(n - count, length(inputs))
            parts.append((rows(inputs, slice(take)), rows(targets, slice(take))))
            count += take
        try:
            return joined([a for a, _ in parts]), joined([b for _, b in parts])
        except (RuntimeError, KeyError, TypeError):
            return parts[0]  # batches of several shapes: the first alone

    def instrument(self, n: int) -> tuple[nn.Module, Callable[[Any, Any], Tensor], tuple[Tensor, Tensor]]:
        """Model, loss and data of tensors for the library's instruments, on n samples.

        Inputs that are no tensor are handed in as their numbers, outputs as the model's main tensor.
        """
        inputs, targets = self.part(n)
        return *self.adapted(inputs), (self._tensor(inputs), tensor_targets(targets))

    def adapted(self, inputs: Any) -> tuple[nn.Module, Callable[[Any, Any], Tensor]]:
        """The model as one from a tensor to a tensor, and its loss."""
        model: nn.Module = self.model
        sample = self.outputs()[0]
        if not isinstance(sample, Tensor) or not isinstance(inputs, Tensor):
            model = Adapted(self.model, None if isinstance(inputs, Tensor) else inputs)

        def loss(main: Any, targets: Any) -> Tensor:
            value = self.loss(with_main(sample, main), targets)
            return value.reshape(()) if isinstance(value, Tensor) and value.numel() == 1 else value

        return model, loss

    def _tensor(self, inputs: Any) -> Tensor:
        return inputs if isinstance(inputs, Tensor) else torch.arange(length(inputs))

    # ---- sizes, planned -------------------------------------------------------------------------------------------------------

    @property
    def operations(self) -> float:
        """Operations of a forward pass of one sample, by PyTorch's counter; at least two a parameter."""
        return float(self.once("operations", lambda: operations_of(self)))

    @property
    def nodes(self) -> int:
        """Nodes of autograd's graph of a loss: what a pass costs, however small the tensors are."""
        return int(self.once("nodes", lambda: nodes_of(self)))

    @property
    def activation_bytes(self) -> float:
        """Bytes of what all layers put out for a sample; of the parameters' size where that cannot be heard."""
        return float(self.once("activation bytes", lambda: activation_bytes_of(self)))

    @contextlib.contextmanager
    def evaluating_plainly(self) -> Iterator[None]:
        """The model in evaluation mode."""
        modes = [(m, m.training) for m in self.model.modules()]
        try:
            self.model.eval()
            yield
        finally:
            for module, mode in modes:
                module.training = mode

    def seconds_of(self, passes: float, samples: int) -> float:
        """Planned seconds of so many forward passes over so many samples."""
        return passes * (self.operations * samples / SPEED + OVERHEAD * self.nodes)

    def samples_for(self, seconds: float, passes: float, most: int, least: int = 1) -> int:
        """How many samples so many forward passes may go over in the seconds: a power of two, or `most`."""
        most = min(most, self.train.samples)
        n = most
        while n > least and self.seconds_of(passes, n) > seconds:
            n = 1 << ((n - 1).bit_length() - 1)
        return max(n, min(least, most))
