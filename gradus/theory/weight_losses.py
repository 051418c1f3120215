"""The mean loss over whole data at many combinations of weights of one model, which is left as it is."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import vmap
from torch.nn.modules.batchnorm import _BatchNorm

from gradus.arguments import refusal
from gradus.optimization.batch_loss import Loss, checked
from gradus.optimization.stateless_call import StatelessCall
from gradus.optimization.unchanged_model import unchanged
from gradus.text import Text
from gradus.theory.data_batches import batches, require_determined, require_mean

State = Mapping[str, Tensor]
SMALL, TOGETHER = (
    64,
    32,
)  # batches up to this size are evaluated at so many points at once: there it was measured to pay


class WeightLosses:
    """The loss at Σ c_k P_k for every row c of coefficients, with P_k weights (and buffers of floating numbers) by name.

    Args:
        model, loss, data: as `loss_slice` takes them.
        mean: whether the loss of a batch is the mean over its samples.
        norm_data: batches from which batch normalisation's statistics are computed anew at every point; None leaves them.
        together: points evaluated at once; None chooses.
    """

    def __init__(
        self,
        model: nn.Module,
        loss: Loss,
        data: Any,
        *,
        mean: bool,
        norm_data: Any = None,
        together: int | None = None,
    ) -> None:
        self._model, self._loss, self._mean = model, loss, mean
        self._call = StatelessCall(model)
        self._data, self._together = data, together
        self._batched: bool | None = None  # whether many points at once give what one gives; not yet known
        self._norm_data = None if norm_data is None else [_inputs(pair) for pair in norm_batches(norm_data)]
        self._norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.running_mean is not None]

    @torch.inference_mode(False)
    def __call__(self, points: Sequence[State], coefficients: Tensor) -> Tensor:
        """(G,), in the precision of the losses, for coefficients (G, m) of m points."""
        with unchanged(self._model), torch.no_grad():
            fresh = self._fresh_statistics(points, coefficients)
            require_determined(self._model)
            total, samples, first = torch.zeros(len(coefficients), dtype=torch.float64), 0, True
            for number, pair in enumerate(batches(self._data)):
                inputs, targets = checked(self._model, self._loss, pair)
                if number == 1 and self._mean:
                    self._require_mean(combined(points, coefficients[0]), inputs, targets)
                factor = len(inputs) if self._mean else 1
                total += factor * self._batch(points, coefficients, fresh, inputs, targets).double().cpu()
                samples, first = samples + len(inputs), False
            if first:
                raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有批次"))
        return total / samples if self._mean else total

    def _batch(
        self,
        points: Sequence[State],
        coefficients: Tensor,
        fresh: list[dict[str, Tensor]],
        x: Tensor,
        y: Tensor,
    ) -> Tensor:
        def one(c: Tensor) -> Tensor:
            return self._value(combined(points, c), x, y)

        size = self._together or (TOGETHER if len(x) <= SMALL else 1)
        if size > 1 and len(coefficients) > 1 and not fresh and self._batched is not False:
            values = self._at_once(one, coefficients, size)
            if values is not None:
                return values
        rows = fresh or [{}] * len(coefficients)
        return torch.stack(
            [
                self._value({**combined(points, c), **extra}, x, y)
                for c, extra in zip(coefficients, rows, strict=True)
            ]
        )

    def _at_once(self, one: Callable[[Tensor], Tensor], coefficients: Tensor, size: int) -> Tensor | None:
        """The losses of several points at once; nothing where a layer or the loss cannot be batched over weights."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # PyTorch says so where batching does not pay
                values: Tensor = vmap(one, chunk_size=size)(coefficients)
            if self._batched is None:
                alone = one(coefficients[0])
                tolerance = 64 * torch.finfo(alone.dtype).eps ** 0.75
                self._batched = torch.allclose(values[0], alone, rtol=tolerance, equal_nan=True)
        except (RuntimeError, NotImplementedError, ValueError, TypeError, Warning):
            self._batched = False
        return values if self._batched else None

    def _value(self, state: State, inputs: Tensor, targets: Tensor) -> Tensor:
        buffers = {name: b.clone() for name, b in self._model.named_buffers() if name not in state}
        value = self._loss(self._call({**buffers, **state}, inputs), targets)
        if not isinstance(value, Tensor) or value.numel() != 1:
            raise refusal("loss", ("a function to a tensor of one number", "返回单个数的张量的函数"), value, kind=True)  # fmt: skip
        return value.reshape(())

    def _fresh_statistics(self, points: Sequence[State], coefficients: Tensor) -> list[dict[str, Tensor]]:
        """Of every point, the buffers of batch normalisation over `norm_data`; nothing where they are not asked for."""
        if self._norm_data is None or not self._norms:
            return []
        names = {name for name, part in self._model.named_modules() if part in self._norms}
        found = []
        for c in coefficients:
            state = combined(points, c)
            kept = {
                name: torch.ones_like(b) if name.endswith("running_var") else torch.zeros_like(b)
                for name, b in self._model.named_buffers()
                if name.rpartition(".")[0] in names
            }
            buffers = {name: b.clone() for name, b in self._model.named_buffers()}
            with gathering(self._norms):
                for inputs in self._norm_data:
                    self._call({**buffers, **state, **kept}, inputs)
            found.append(kept)
        for norm in self._norms:
            norm.eval()  # `unchanged` brings the mode back
        return found

    def _require_mean(self, state: State, x: Tensor, y: Tensor) -> None:
        """That a batch's loss is the mean of those of its parts; with weights, or ignored samples, it is not."""
        require_mean(
            lambda part: float(self._value(state, x[part], y[part])), len(x), next(iter(state.values())).dtype
        )


def combined(points: Sequence[State], c: Tensor) -> dict[str, Tensor]:
    """Σ c_k P_k, name by name; a name that only the first point has is taken from there."""
    result = {}
    for name, first in points[0].items():
        value = c[0].to(first) * first
        for k, point in enumerate(points[1:], 1):
            if name in point:
                value = value + c[k].to(first) * point[name]
        result[name] = value
    return result


@contextmanager
def gathering(norms: Sequence[_BatchNorm]) -> Iterator[None]:
    """Within it batch normalisation takes each batch's statistics and averages them over the batches."""
    before = [(m, m.training, m.momentum) for m in norms]
    try:
        for m in norms:
            m.training, m.momentum = True, None
        yield
    finally:
        for m, training, momentum in before:
            m.training, m.momentum = training, momentum


def norm_batches(data: Any) -> list[Any]:
    """The batches from which statistics are computed, at least one.

    Raises:
        GradusError: there is none.
    """
    found = list(batches(data, "norm_data"))
    if not found:
        raise refusal("norm_data", ("at least one batch", "至少一个批次"), Text("none", "没有批次"))
    return found


def _inputs(pair: Any) -> Tensor:
    inputs = pair[0] if isinstance(pair, (tuple, list)) and pair else pair
    if not isinstance(inputs, Tensor) or not inputs.dim() or not len(inputs):
        raise refusal("norm_data", ("batches of inputs, or pairs (inputs, targets)", "输入的批次，或 (inputs, targets) 对"), pair, kind=True)  # fmt: skip
    return inputs.clone() if inputs.is_inference() else inputs
