"""The door of the library: what a public function asks of its arguments before it computes anything.

A function says in its first lines what it takes: `array("X", X, "n d", sizes)`, `number("l1", l1, least=0)`. What does not
fit is refused in one line that names the argument, what was expected, what came, and how to mend it. Tensors have a door
of their own, `gradus.arguments.tensors`, so that what works on NumPy's arrays does not import PyTorch.
"""

from gradus.arguments.arrays import array, duck, real_array, real_or_duck, require_plain, returned
from gradus.arguments.errors import ArgumentError, refusal, shown
from gradus.arguments.shapes import Sizes, fit, shapes_together
from gradus.arguments.values import choice, flag, function, number, path, text, whole

__all__ = [
    "ArgumentError",
    "Sizes",
    "array",
    "choice",
    "duck",
    "fit",
    "flag",
    "function",
    "number",
    "path",
    "real_array",
    "real_or_duck",
    "refusal",
    "require_plain",
    "returned",
    "shapes_together",
    "shown",
    "text",
    "whole",
]
