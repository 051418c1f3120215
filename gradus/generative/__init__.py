"""Generative models: adversarial, variational, by diffusion and by flows; the distances that measure what they make."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.generative.metrics.frechet import FrechetDistance, frechet_distance
    from gradus.generative.metrics.frechet_limit import FrechetLimit, frechet_limit
    from gradus.generative.metrics.kernel import KernelDistance, kernel_distance
    from gradus.generative.metrics.neighbours import (
        DensityCoverage,
        PrecisionRecall,
        density_coverage,
        precision_recall,
    )

__all__ = [
    "DensityCoverage",
    "FrechetDistance",
    "FrechetLimit",
    "KernelDistance",
    "PrecisionRecall",
    "density_coverage",
    "frechet_distance",
    "frechet_limit",
    "kernel_distance",
    "precision_recall",
]

export(
    __name__,
    {
        "metrics.frechet": ["FrechetDistance", "frechet_distance"],
        "metrics.frechet_limit": ["FrechetLimit", "frechet_limit"],
        "metrics.kernel": ["KernelDistance", "kernel_distance"],
        "metrics.neighbours": ["DensityCoverage", "PrecisionRecall", "density_coverage", "precision_recall"],
    },
)
