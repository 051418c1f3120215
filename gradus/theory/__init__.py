"""What theory measures of a network: curvature, tangent kernels, signals, bounds, of any module on any data."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    from gradus.theory.tangent_kernel import tangent_kernel

__all__ = [
    "tangent_kernel",
]

export(
    __name__,
    {
        "tangent_kernel": ["tangent_kernel"],
    },
)
