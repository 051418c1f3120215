"""What a generalisation bound says, in one record for all of them: its value, its confidence, what it assumes, whether it says anything."""

from __future__ import annotations

from typing import NamedTuple

from gradus.text import Text


class GeneralisationBound(NamedTuple):
    r"""An upper bound on the expected loss, from samples.

    .. math:: P\bigl(L\le\text{value}\bigr)\ge\text{confidence},\qquad L=\mathbb E\,\ell(f(x),y)

    where the probability is over the draw of the samples (and what the method draws besides).

    Attributes:
        name: of the bound.
        value: what the expected loss does not exceed, with that confidence.
        risk: the empirical loss that it starts from.
        confidence: 1 − δ.
        samples: how many the risk is a mean of.
        vacuous: whether the value says nothing: it is no smaller than the largest loss there is, or, in a certificate of classes,
            than what guessing evenly has.
        assumptions: what it rests on; each says whether it was checked or has to be granted.
        terms: the parts that make up the value, and what they were computed from, by name.

    Example:
        >>> GeneralisationBound("Hoeffding", 0.3, 0.1, 0.95, 100, False, (), {"risk": 0.1, "chance": 0.2}).vacuous
        False
    """

    name: str
    value: float
    risk: float
    confidence: float
    samples: int
    vacuous: bool
    assumptions: tuple[Text, ...]
    terms: dict[str, float]
