"""Rounding to the floating-point formats of deep learning, once, whatever the hardware offers; sums that keep their digits."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from jaxtyping import Float

from gradus.arguments import array, choice, fit, real_array
from gradus.foundations.compensated import sum_with_error

__all__ = ["FORMATS", "Format", "Method", "round_to_format", "summation"]

Array = np.ndarray
Method = Literal["naive", "pairwise", "kahan"]


class Format(NamedTuple):
    """A binary format: one bit of sign, `exponent` bits, `fraction` bits; whether its top exponent is kept for infinities."""

    exponent: int
    fraction: int
    infinite: bool = True

    @property
    def epsilon(self) -> float:
        """The gap between 1 and the next number."""
        return 2.0**-self.fraction

    @property
    def smallest_normal(self) -> float:
        """The least positive number of full precision."""
        return 2.0 ** (2 - 2 ** (self.exponent - 1))

    @property
    def smallest(self) -> float:
        """The least positive number."""
        return self.smallest_normal * self.epsilon

    @property
    def largest(self) -> float:
        """The greatest finite number."""
        top = 2 ** (self.exponent - 1) - (1 if self.infinite else 0)
        return 2.0**top * (2 - (1 if self.infinite else 2) * self.epsilon)


FORMATS: dict[str, Format] = {
    "float64": Format(11, 52),
    "float32": Format(8, 23),
    "float16": Format(5, 10),
    "bfloat16": Format(8, 7),
    "float8_e5m2": Format(5, 2),
    "float8_e4m3fn": Format(4, 3, infinite=False),
}


def round_to_format(x: Float[Array, " ..."], format: str = "float16") -> Float[Array, " ..."]:
    r"""The nearest number of a format, ties to the even fraction; beyond the largest, infinity, or the largest where there is none.

    Rounded once from float64: PyTorch's `Tensor.to` goes through float32 for the 16- and 8-bit formats, which can round twice.

    Args:
        x: numbers in float64, of any shape.
        format: one of `FORMATS`.

    Raises:
        GradusError: an unknown format, or numbers that are not real.

    Cost: a few operations for each entry; the rounding is an addition that the hardware rounds.

    Source: IEEE 754-2019; Micikevicius et al. 2022 for the 8-bit formats.

    Example:
        >>> float(round_to_format(0.1, "float16")), float(round_to_format(65520.0, "float16"))
        (0.0999755859375, inf)
    """
    choice("format", format, FORMATS)
    chosen, y = FORMATS[format], array("x", x).copy()
    if chosen.fraction == 52:
        return y
    size = np.minimum(np.abs(y), 4 * chosen.largest)  # what is larger overflows all the same
    with np.errstate(invalid="ignore"):
        power = np.ldexp(1.0, np.maximum(np.frexp(size)[1] - 1, np.frexp(chosen.smallest_normal)[1] - 1))
        shift = power * 2.0 ** (52 - chosen.fraction)  # size + shift has its last bit where the format has
        rounded = (size + shift) - shift
        rounded = np.where(rounded > chosen.largest, np.inf if chosen.infinite else chosen.largest, rounded)
    return np.asarray(np.copysign(rounded, y))


def summation(x: Float[Array, "*batch n"], method: Method = "kahan") -> Float[Array, "*batch"]:
    r"""The sum of the last axis by a method whose error is known: bound n·u "naive", log₂n·u "pairwise", 2u "kahan", times Σ|xᵢ|.

    Args:
        x: the terms (..., n).
        method: "naive" adds from left to right; "pairwise" adds halves; "kahan" carries what each addition loses.

    Raises:
        GradusError: an unknown method, no axis to sum, or numbers that are not real.

    Cost: n additions; "kahan" 6n in a sequence of n steps, each over the whole batch.

    Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, ch. 4; Kahan 1965, in Neumaier's form.

    Example:
        >>> terms = [1.0, 1e100, 1.0, -1e100]
        >>> float(summation(terms, "naive")), float(summation(terms, "kahan"))
        (0.0, 2.0)
    """
    choice("method", method, get_args(Method))
    terms = real_array("x", x)
    terms = terms if terms.dtype.kind == "f" else array("x", terms)
    fit("x", terms.shape, "... n")
    if terms.shape[-1] == 0:
        return np.zeros(terms.shape[:-1], terms.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        if method == "naive":
            return np.asarray(np.add.accumulate(terms, axis=-1)[..., -1])
        return np.asarray(_pairwise(terms) if method == "pairwise" else _kahan(terms))


def _pairwise(terms: Array) -> Any:
    while terms.shape[-1] > 1:
        half = terms.shape[-1] // 2
        rest = terms[..., 2 * half :]
        terms = np.concatenate([terms[..., : 2 * half : 2] + terms[..., 1 : 2 * half : 2], rest], axis=-1)
    return terms[..., 0]


def _kahan(terms: Array) -> Any:
    running, lost = terms[..., 0], np.zeros_like(terms[..., 0])
    for i in range(1, terms.shape[-1]):
        running, error = sum_with_error(running, terms[..., i])
        lost = lost + error
    return np.where(
        np.isfinite(running), running + lost, running
    )  # what was lost to an infinity is no number
