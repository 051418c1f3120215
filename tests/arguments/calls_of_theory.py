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
        "gradus.theory.infinite_kernels": of(
            theory.infinite_kernels,
            x=Fresh(lambda: tensors(0, 2, 2, 4)),
            y=Fresh(lambda: tensors(1, 3, 2, 4)),
            depth=1,
            activation="relu",
            weight_variance=2.0,
            bias_variance=0.1,
            kernel_size=3,
            padding="zeros",
            head="average",
            memory=2**20,
        ),
        "gradus.theory.predicted_training": of(
            theory.predicted_training,
            kernel=Fresh(lambda: tensors(0, 3, 3) @ tensors(0, 3, 3).mT),
            targets=Fresh(lambda: tensors(1, 3, 2)),
            outputs=Fresh(lambda: tensors(2, 3, 2)),
            steps=[0, 4],
            step_size=0.1,
            loss="half_sum",
            test_kernel=Fresh(lambda: tensors(3, 2, 3)),
            test_outputs=Fresh(lambda: tensors(4, 2, 2)),
        ),
        "gradus.theory.kernel_drift": of(
            theory.kernel_drift, before=Fresh(lambda: tensors(0, 3, 3)), after=Fresh(lambda: tensors(1, 3, 3))
        ),
        "gradus.theory.kernel_alignment": of(
            theory.kernel_alignment,
            kernel=Fresh(lambda: tensors(0, 3, 3) @ tensors(0, 3, 3).mT),
            targets=Fresh(lambda: tensors(1, 3, 2)),
            centred=True,
        ),
    }
