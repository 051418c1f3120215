"""Right calls of what measures calibration."""

from __future__ import annotations

import torch
from example_calls import Example, Fresh, new, of, tensors

from gradus import theory


def calls_of_calibration() -> dict[str, Example]:
    labels = Fresh(lambda: torch.tensor([0, 1, 2, 0, 1, 2]))
    return {
        "gradus.theory.calibration": of(
            theory.calibration, logits=new(tensors, 0, 6, 3), labels=labels, bins=1
        ),
        "gradus.theory.fit_temperature": of(
            theory.fit_temperature, logits=new(tensors, 0, 6, 3), labels=labels
        ),
        "gradus.theory.measure_calibration": of(
            theory.measure_calibration,
            model=Fresh(lambda: torch.nn.Identity()),
            data=Fresh(lambda: [(tensors(0, 6, 3), torch.tensor([0, 1, 2, 0, 1, 2]))]),
            bins=1,
        ),
    }
