"""Right calls of the instruments of theory."""

from __future__ import annotations

from example_calls import Example, Fresh, of, tensors
from torch import float64, nn

from gradus import theory


def calls_of_theory() -> dict[str, Example]:
    return {
        "gradus.theory.tangent_kernel": of(
            theory.tangent_kernel,
            model=Fresh(lambda: nn.Linear(3, 2, dtype=float64)),
            x=Fresh(lambda: tensors(0, 4, 3)),
            y=Fresh(lambda: tensors(1, 2, 3)),
            kind="full",
            output=1,
            layerwise=True,
            memory=2**20,
        ),
    }
