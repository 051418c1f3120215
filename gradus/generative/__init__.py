"""Generative models: adversarial, variational, by diffusion and by flows; the distances that measure what they make."""

from typing import TYPE_CHECKING

from gradus.lazy import export

if TYPE_CHECKING:
    pass

__all__: list[str] = []

export(
    __name__,
    {},
)
