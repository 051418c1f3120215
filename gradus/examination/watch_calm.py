"""Steps in which nothing is out of the ordinary: told apart at little cost, and counted."""

from __future__ import annotations

import math

import torch

from gradus.examination.watch_batches import Batches
from gradus.examination.watch_gradients import Ledger
from gradus.examination.watch_progress import Progress
from gradus.examination.watch_quick import Mark, marked
from gradus.examination.watch_scene import Passage, Scene, Step

LEAP = 10.0  # by which the first gradient changes its length from one look to the next
RISE = 2.0  # by which the loss does
SETTLED = 40  # steps, after which gradients that are written to before the step are nothing new


class Calm:
    """Compares each step with the one before it.

    Attributes:
        marks: of the gradients of the step at hand, where it is calm.
    """

    def __init__(self, scene: Scene, ledger: Ledger, progress: Progress, batches: Batches) -> None:
        self.scene, self.ledger, self.progress, self.batches = scene, ledger, progress, batches
        self.losses = [0.0] * len(scene.optimizers)
        self.first = 0.0
        self.marks: list[Mark | None] | None = None

    def is_calm(self, which: int, number: int, passages: list[Passage]) -> bool:
        """Whether nothing is out of the ordinary, so that the step needs no other look.

        There was one backward pass of a finite loss; all gradients are as it left them, the first is finite and of usual size,
        none is stale; nobody has written to the parameters since the last step; the model is in training mode.
        """
        quick = self.scene.quick[which]
        if len(passages) != 1 or self.ledger.stale or self.scene.training is False:
            return False
        passage, gradients = passages[0], quick.gradients
        now = marked(gradients)
        if not passage.plain or passage.value is None or (now != quick.came and number <= SETTLED):
            return False
        if now.count(None) != quick.missing or quick.versions != [p._version for p in quick.parameters]:
            return False
        first = next((g for g in gradients if g is not None), None)
        if first is None or first.layout is not torch.strided:
            return False
        size = float(first.detach().norm())
        usual = 0 < size < math.inf and quick.sentinel / LEAP < size < quick.sentinel * LEAP
        if not usual or self.risen(which, passage.value):
            return False
        if not self.progress.calm(which, number, passage.value, quick.optimizer):
            return False
        quick.sentinel, self.losses[which] = size, passage.value
        self.batches.steps += 1
        self.marks = now
        return True

    def risen(self, which: int, loss: float) -> bool:
        """Whether the loss leaps up."""
        earlier = self.losses[which]
        return earlier > 0 and loss > RISE * max(earlier, 0.5 * self.first)

    def leaps(self, step: Step) -> bool:
        """Whether a step that was looked at is far from the one before it."""
        quick = self.scene.quick[step.which]
        first, loss = next(iter(step.gradients.values()), 0.0), step.loss or 0.0
        before, quick.sentinel = quick.sentinel, first
        self.first = self.first or loss
        risen, self.losses[step.which] = self.risen(step.which, loss), loss
        return risen or (before > 0 and not before / LEAP < first < before * LEAP)
