"""Networks trained with NumPy alone: how, on what, and what is shown."""

from gradus.systems.foundations.from_scratch.recipe import RECIPE

__all__ = ["RECIPE"]
