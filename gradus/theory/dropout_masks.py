"""Every mask of a model's dropout layers, given to them in turn, and each mask's probability."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.text import Text

MOST_BITS = 16  # 65,536 passes
CHANNELS = {
    nn.Dropout1d: 3,
    nn.Dropout2d: 4,
    nn.Dropout3d: 5,
}  # axes of their inputs, samples and channels first


class GivenMasks:
    """The layers' masks in place of what they would draw; they stand in evaluation mode and are listened to.

    A sample's masks are shared by all samples of the batch: where these do not look at each other, that changes no law of
    a single one.

    Attributes:
        shapes: of the mask of each call in a pass, with the layer's p.
    """

    def __init__(self, layers: Sequence[nn.Module], samples: int) -> None:
        self.shapes: list[tuple[tuple[int, ...], float]] = []
        self._layers = layers
        self._samples = samples
        self._masks: list[Tensor] | None = None
        self._call = 0

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Within it each layer's output is multiplied by its mask."""
        handles = [layer.register_forward_hook(self._heard) for layer in self._layers]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @property
    def rates(self) -> list[float]:
        """Of every bit that is random, the probability that it is 0."""
        return [p for shape, p in self.shapes if 0 < p < 1 for _ in range(_size(shape))]

    def give(self, bits: Tensor) -> None:
        """The masks of the next pass: what is left of every random number, 1 or 0."""
        masks, place = [], 0
        for shape, p in self.shapes:
            size = _size(shape) if 0 < p < 1 else 0
            part = bits[place : place + size]
            masks.append(part.reshape(shape) / (1 - p) if size else torch.full(shape, float(p == 0)))
            place += size
        self._masks, self._call = masks, 0

    def require_all_given(self) -> None:
        """Refuses a model that calls its layers a different number of times from pass to pass.

        Raises:
            GradusError: it did not take every mask.
        """
        if self._masks is not None and self._call != len(self._masks):
            raise _other_calls()

    def _heard(self, layer: Any, inputs: Any, output: Tensor) -> Tensor:
        if self._masks is None:
            self.shapes.append((self._shape(layer, output), float(layer.p)))
            return output
        if self._call >= len(self._masks):
            raise _other_calls()
        mask = self._masks[self._call].to(output)
        self._call += 1
        return output * mask

    def _shape(self, layer: nn.Module, output: Tensor) -> tuple[int, ...]:
        axes = next((n for kind, n in CHANNELS.items() if isinstance(layer, kind)), 0)
        shape = tuple(output.shape)
        if len(shape) < 2 or shape[0] != self._samples or (axes and len(shape) != axes):
            raise refusal(
                "model",
                (
                    "dropout layers whose inputs have a row for each sample",
                    "输入的每一行对应一个样本的随机失活层",
                ),
                Text(f"{type(layer).__name__}: {shape}", f"{type(layer).__name__}：{shape}"),
                ("give a number of samples", "请给出 samples 的个数"),
            )
        return shape[1:2] + (1,) * (axes - 2) if axes else shape[1:]


def all_bits(rates: Sequence[float], device: torch.device) -> tuple[Tensor, Tensor]:
    """Every row of bits (2^B, B), of which the first counts 1 and the last 2^(B−1), and its probability (2^B).

    Raises:
        GradusError: there are too many.
    """
    if len(rates) > MOST_BITS:
        most = MOST_BITS
        raise refusal(
            "samples",
            (f"a number, as all masks are taken of at most {most} units", f"个数，因为只有至多 {most} 个单元时才能取遍所有掩码"),
            Text(f"None with {len(rates)} units", f"None，而单元有 {len(rates)} 个"),
        )  # fmt: skip
    dtype = torch.float32 if device.type == "mps" else torch.float64
    places = torch.arange(len(rates), device=device)
    bits = (torch.arange(2 ** len(rates), device=device)[:, None] >> places) & 1
    p = torch.tensor(list(rates), dtype=dtype, device=device)
    return bits.to(dtype), torch.where(bits == 1, 1 - p, p).prod(1)


def flip_bound(outputs: Tensor, weights: Tensor, rates: Sequence[float]) -> Tensor:
    """Σ_b p_b(1 − p_b) E (f with bit b − f without it)², of outputs (2^B, …) in the order of `all_bits`."""
    bound = torch.zeros_like(outputs[0])
    for b, p in enumerate(rates):
        pairs = outputs.reshape(-1, 2, 2**b, *outputs.shape[1:])
        squares = (pairs[:, 1] - pairs[:, 0]).square().flatten(0, 1)
        others = weights.reshape(-1, 2, 2**b).sum(1).flatten()
        bound = bound + p * (1 - p) * torch.tensordot(others, squares, 1)
    return bound


def _size(shape: tuple[int, ...]) -> int:
    return int(torch.Size(shape).numel())


def _other_calls() -> Exception:
    return refusal(
        "model",
        ("one that calls the same layers in every pass", "每次前向都调用相同各层的模型"),
        Text("another number of calls", "调用次数不同"),
        ("give a number of samples", "请给出 samples 的个数"),
    )
