"""The Gauss–Newton matrix of a network's weights, summed over the data: whole, its diagonal, or a Kronecker product a layer."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.inference.weight_posteriors.sensitivities import Part
from gradus.text import Text
from gradus.theory.layer_factors import Factors

__all__ = ["Curvature", "DiagonalCurvature", "FullCurvature", "KroneckerCurvature"]

MOST = 8192  # weights of a whole matrix


class Curvature(Protocol):
    """Σ_i J_iᵀ Λ_i J_i of one structure, gathered sample by sample."""

    def add(self, parts: list[Part], bend: Tensor) -> None:
        """Those of a chunk: sensitivities, and Λ (n, C, C)."""

    def finish(self) -> Tensor:
        """All eigenvalues, none below 0; nothing is added afterwards."""

    def variance(self, parts: list[Part], precision: float) -> Tensor:
        """J (H + δI)⁻¹ Jᵀ, (n, C, C)."""


def jacobian(part: Part) -> Tensor:
    """(n, C, p), in double precision where the device has it."""
    return wide(part.jacobian() if isinstance(part, Factors) else part)


def wide(values: Tensor) -> Tensor:
    """In double precision where the device has it."""
    return values.float() if values.device.type == "mps" else values.double()


class FullCurvature:
    """The whole matrix of all weights together."""

    def __init__(self) -> None:
        self.matrix: Tensor | None = None
        self.values = self.vectors = torch.empty(0)

    def add(self, parts: list[Part], bend: Tensor) -> None:
        """See `Curvature`."""
        p = sum(_count(part) for part in parts)
        if p > MOST:
            came = Text(f"{p} weights", f"{p} 个权重")
            mend = ("take kind='kronecker'", "请取 kind='kronecker'")
            raise refusal(
                "kind", (f"'full' for at most {MOST} weights", f"至多 {MOST} 个权重时取 'full'"), came, mend
            )
        if len(parts) == 1 and isinstance(parts[0], Factors) and parts[0].identity:
            a = wide(parts[0].a[:, 0, 0])  # Λ ⊗ aaᵀ
            n, C = len(a), bend.shape[1]
            pairs = bend.reshape(n, -1).mT @ (a[:, :, None] * a[:, None, :]).reshape(n, -1)
            found = pairs.reshape(C, C, a.shape[1], -1).transpose(1, 2).reshape(p, p)
        else:
            J = torch.cat([jacobian(part) for part in parts], 2)
            found = J.flatten(0, 1).mT @ (bend @ J).flatten(0, 1)
        self.matrix = found if self.matrix is None else self.matrix + found

    def finish(self) -> Tensor:
        """See `Curvature`."""
        assert self.matrix is not None
        self.values, self.vectors = torch.linalg.eigh((self.matrix + self.matrix.mT) / 2)
        self.values = self.values.clamp(min=0)
        return self.values

    def variance(self, parts: list[Part], precision: float) -> Tensor:
        """See `Curvature`."""
        J = torch.cat([jacobian(part) for part in parts], 2) @ self.vectors
        return (J / (self.values + precision)) @ J.mT


class DiagonalCurvature:
    """The diagonal: each weight as if it were alone."""

    def __init__(self) -> None:
        self.diagonal: Tensor | None = None

    def add(self, parts: list[Part], bend: Tensor) -> None:
        """See `Curvature`."""
        J = torch.cat([jacobian(part) for part in parts], 2)
        found = (J * (bend @ J)).sum((0, 1))
        self.diagonal = found if self.diagonal is None else self.diagonal + found

    def finish(self) -> Tensor:
        """See `Curvature`."""
        assert self.diagonal is not None
        self.diagonal = self.diagonal.clamp(min=0)
        return self.diagonal

    def variance(self, parts: list[Part], precision: float) -> Tensor:
        """See `Curvature`."""
        assert self.diagonal is not None
        J = torch.cat([jacobian(part) for part in parts], 2)
        return (J / (self.diagonal + precision)) @ J.mT


class KroneckerCurvature:
    """A ⊗ S for each layer, layers apart: A the mean of aaᵀ over samples and places, S the sum of gᵀΛg."""

    def __init__(self) -> None:
        self.inputs: list[Tensor] = []
        self.outputs: list[Tensor] = []
        self.counts: list[int] = []
        self.vectors: list[tuple[Tensor, Tensor]] = []
        self.values: list[tuple[Tensor, Tensor]] = []

    def add(self, parts: list[Part], bend: Tensor) -> None:
        """See `Curvature`."""
        for k, part in enumerate(parts):
            if not isinstance(part, Factors):
                kind = Text("a layer whose samples or uses do not lie apart", "样本或各次使用无法区分的层")
                mend = ("take kind='diagonal' or 'full'", "请取 kind='diagonal' 或 'full'")
                raise refusal(
                    "model",
                    ("layers whose samples lie along the first axis", "样本位于第一个轴的层"),
                    kind,
                    mend,
                )
            a, g = wide(part.a), wide(part.g)  # (n, G, T, i) and (n, C, G, o, T)
            A = torch.einsum("ngti,ngtj->gij", a, a)
            S = torch.einsum("ncgot,ncgpt->gop", g, torch.einsum("ncd,ndgpt->ncgpt", bend, g))
            if k == len(self.inputs):
                self.inputs.append(A)
                self.outputs.append(S)
                self.counts.append(a.shape[0] * a.shape[2])
            else:
                self.inputs[k] += A
                self.outputs[k] += S
                self.counts[k] += a.shape[0] * a.shape[2]

    def finish(self) -> Tensor:
        """See `Curvature`."""
        found = []
        for A, S, count in zip(self.inputs, self.outputs, self.counts, strict=True):
            (a, U), (s, V) = (torch.linalg.eigh((M + M.mT) / 2) for M in (A / count, S))
            a, s = a.clamp(min=0), s.clamp(min=0)
            self.vectors.append((U, V))
            self.values.append((a, s))
            found.append((s[:, :, None] * a[:, None, :]).flatten())
        return torch.cat(found)

    def variance(self, parts: list[Part], precision: float) -> Tensor:
        """See `Curvature`."""
        total: Tensor | None = None
        for part, (U, V), (a, s) in zip(parts, self.vectors, self.values, strict=True):
            assert isinstance(part, Factors)
            x = wide(part.a) @ U  # (n, G, T, i)
            g = V.mT @ wide(part.g)  # (n, C, G, o, T)
            spread = 1 / (s[:, :, None] * a[:, None, :] + precision)  # (G, o, i)
            if part.single:
                weight = spread[0] @ x[:, 0, 0].square().mT  # (o, n)
                flat = g[:, :, 0, :, 0]
                found = (flat * weight.mT[:, None]) @ flat.mT
            else:
                J = (g @ x[:, None]).flatten(2)
                found = (J * spread.flatten()) @ J.mT
            total = found if total is None else total + found
        assert total is not None
        return total


def _count(part: Part) -> int:
    if isinstance(part, Factors):
        return part.g.shape[2] * part.g.shape[3] * part.a.shape[3]
    return part.shape[2]
