"""Sharpness while a model trains: measured every so many steps, each time from where the last one ended."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from gradus.arguments import function, number, refusal, whole
from gradus.optimization.batch_loss import Loss, trainable
from gradus.theory.curvature import Curvature
from gradus.theory.lanczos import top_eigenpairs
from gradus.theory.sharpness import Preconditioned, StableStep, stable_step
from gradus.theory.symmetric_operator import random_vector
from gradus.theory.update_laws import update_law

FRESH = 1.0  # length of the random part beside the last vector: with less of it a direction that has overtaken is seen late


class SharpnessTracker:
    r"""The largest eigenvalue of the curvature along a run, in a plain loop: `tracker(model, batch, step)` after each step.

    .. math:: \lambda_t=\lambda_{\max}\bigl(P_t^{-1/2}\,\nabla^2L(\theta_t)\,P_t^{-1/2}\bigr),\qquad
        \alpha\lambda_t\ \text{beside the threshold of the optimiser's law}

    Each measurement starts from the last eigenvector and a random vector of the same length, which takes about two thirds of the
    products of a random start while the eigenvector turns slowly, and still sees another that overtakes it. The model is left as
    it is.

    Args:
        loss: `loss(outputs, targets)`, one number.
        optimizer: whose law and preconditioner, see `largest_stable_step`; None for plain descent.
        every: at steps that are multiples of this.
        tolerance: of the residual, relative to the largest value in size.
        max_products: a measurement stops there, and says so.
        seed: of the starts.

    Attributes:
        rows: (step, `StableStep`) of each measurement.

    Raises:
        GradusError: as `largest_stable_step` raises, at the measurement.

    Cost: a Hessian–vector product for each of its products, at the steps that are measured; nothing at the others.

    Source: Cohen et al. 2021 for what is tracked.

    Example:
        >>> import torch
        >>> model, data = torch.nn.Linear(1, 1, bias=False), (torch.ones(2, 1), torch.zeros(2, 1))
        >>> tracker = SharpnessTracker(torch.nn.functional.mse_loss, every=5)
        >>> for step in range(10):
        ...     found = tracker(model, data, step)
        >>> [(step, round(found.eigenvalue, 6)) for step, found in tracker.rows]
        [(0, 2.0), (5, 2.0)]
    """

    def __init__(
        self,
        loss: Loss,
        optimizer: Optimizer | None = None,
        *,
        every: int = 10,
        tolerance: float = 1e-3,
        max_products: int = 100,
        seed: int = 0,
    ) -> None:
        self._loss = function("loss", loss, "torch.nn.functional.cross_entropy")
        if optimizer is not None and not isinstance(optimizer, Optimizer):
            expected = ("an optimizer of torch.optim, or None", "torch.optim 的优化器，或 None")
            raise refusal("optimizer", expected, optimizer, kind=True)
        self._optimizer = optimizer
        self.every = whole("every", every, least=1)
        self._tolerance = number("tolerance", tolerance, least=0)
        self._most = whole("max_products", max_products, least=1)
        self._generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
        self._vector: Tensor | None = None
        self.rows: list[tuple[int, StableStep]] = []

    @torch.inference_mode(False)
    def __call__(
        self, model: nn.Module, batch: Any, step: int, *, optimizer: Optimizer | None = None
    ) -> StableStep | None:
        """Measures at this step, on a pair (inputs, targets) or on batches of such pairs; None where it is not its turn.

        An optimiser that is given here takes the place of the tracker's.
        """
        if whole("step", step, least=0) % self.every:
            return None
        law = update_law(trainable(model), optimizer if optimizer is not None else self._optimizer)
        operator = Preconditioned(Curvature(model, self._loss, batch), law)
        start = random_vector(operator, self._generator)
        if self._vector is not None and self._vector.shape == start.shape:
            last, fresh = self._vector.to(start), start / start.norm()
            start = last + (FRESH if last @ fresh >= 0 else -FRESH) * fresh  # the two may not cancel
        found = top_eigenpairs(operator, tolerance=self._tolerance, max_products=self._most, start=start)
        self._vector = found.vectors[:, 0]
        result = stable_step(law, found, 0.0, False)
        self.rows.append((step, result))
        return result
