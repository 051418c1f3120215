"""The claim that our own tape differentiates a page's definition, unchanged.

Its gradient is compared with that of the implementation entry by entry where a framework gives one, and with the
differences of values along a random direction: of the definition, or of the implementation where nothing else
differentiates it. So a wrong tape fails it, and so does a wrong implementation.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.errors import GradusError, words_of
from gradus.frameworks import Adapted
from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept
from gradus.page.evidence import EPSILON, Evidence, all_of, roundoff
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import Measure, over_cases
from gradus.verify.universal.directions import Probe, probe, shaken_arguments, slope
from gradus.verify.universal.sensitivity import DELTA, REFUSALS, C, parts, symbol_of, terms_of

LARGEST = (
    1024  # numbers in the cases that are taken: the tape walks through a definition's loops step by step
)
SWEEPS = 3  # forwards, backwards, and that of the differences: each has its own c·n·ε


def tape_gradient(concept: Concept) -> Measure:
    """The claim's measurement."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        largest = max(LARGEST, 2 * min(_size(a) for _, a in concept.cases(np.random.default_rng(0))))

        def one(arguments: Arguments) -> Evidence:
            if _size(arguments) > largest:
                raise NotApplicable(
                    Text("more numbers than the tape is led through", "数的个数超出梯度带的上限")
                )
            return tape_evidence(concept, adapted, arguments, rng)

        return over_cases(concept, rng, one)

    return measure


def _size(arguments: Arguments) -> int:
    return sum(x.size for x in flatten(arguments) if isinstance(x, np.ndarray))


def by_tape(concept: Concept, arguments: Arguments, p: Probe) -> tuple[float, dict[str, np.ndarray]]:
    """⟨w, f⟩ of the definition, and its gradient by each wanted argument, by the tape.

    Raises:
        GradusError: the tape cannot run the definition.
    """
    from gradus.foundations.autodiff import traceable, value_and_grad

    definition = traceable(concept.definition)

    def weighted(*x: Any) -> Any:
        results = flatten(definition(**{**arguments, **dict(zip(p.wanted, x, strict=True))}))
        return sum(np.sum(w * r) for w, r in zip(p.w, results, strict=True))

    with np.errstate(all="ignore"):
        value, gradient = value_and_grad(weighted, tuple(range(len(p.wanted))))(
            *[arguments[k] for k in p.wanted]
        )
    return float(value), dict(zip(p.wanted, gradient, strict=True))


def tape_evidence(
    concept: Concept, adapted: Adapted, arguments: Arguments, rng: np.random.Generator
) -> Evidence:
    """The evidence at one case.

    Raises:
        NotApplicable: the tape cannot run the definition, or the definition has no derivative at the case.
    """
    p, n = probe(concept, arguments, rng), terms_of(concept, arguments)
    function = concept.definition if adapted.differentiates else adapted
    try:
        want, tolerance, why = slope(function, p, arguments, n, holomorphic=adapted.differentiates)
    except REFUSALS as error:
        en, zh = words_of(error)
        raise NotApplicable(
            Text(f"it refuses inputs around the case: {en}", f"拒绝该用例附近的输入：{zh}")
        ) from None
    try:
        value, gradient = by_tape(concept, arguments, p)
    except GradusError as error:
        en, zh = error.text
        raise NotApplicable(
            Text(f"the tape cannot run the definition: {en}", f"梯度带无法运行该定义：{zh}")
        ) from None
    got, size = p.along(gradient)
    shaken = shaken_arguments(concept, arguments, p.wanted, rng)
    near = by_tape(concept, shaken, p)[1]  # by how much rounding of the arguments moves the gradient
    size += abs(p.along(near)[0] - got) / DELTA + _weight(p)
    tolerance += SWEEPS * C * n * EPSILON * size
    if not abs(got - want) <= tolerance:
        _require_smooth(concept, adapted, arguments, p, got)
    note = Text(
        f"{got:.12g} along a random direction, differences give {want:.12g}",
        f"沿随机方向为 {got:.12g}，差分给出 {want:.12g}",
    )
    compared = [
        Evidence("roundoff", abs(got - want), "=", 0.0, tolerance, why, note),
        _same_value(p, value, n),
    ]
    if adapted.differentiates:
        compared += _entry_by_entry(concept, adapted, arguments, p, gradient, near)
    return all_of(*compared)


def _require_smooth(concept: Concept, adapted: Adapted, arguments: Arguments, p: Probe, got: float) -> None:
    """Raises `NotApplicable` where no derivative is to be compared at the case."""
    if _branches(concept, arguments, p, got):
        raise NotApplicable(Text("the definition branches at the case itself", "定义恰在该用例处分支"))
    if not adapted.differentiates and _steps(concept, adapted, arguments, p):
        raise NotApplicable(
            Text(
                "the implementation is constant around the case: it takes whole numbers",
                "该实现在用例附近为常数：它只接受整数",
            )
        )


def _branches(concept: Concept, arguments: Arguments, p: Probe, got: float, h: float = 2.0**-20) -> bool:
    """Whether the formula takes a way at the case that it takes on neither side of it, as |x| does at 0.

    Then the slopes on both sides agree with one another, and not with the one at the case.
    """
    beside = []
    for t in (-h, h):
        moved = {**arguments, **{k: arguments[k] + t * p.u[k] for k in p.wanted}}
        beside.append(p.along(by_tape(concept, moved, p)[1])[0])
    left, right = beside
    return abs(left - right) < 1e-2 * abs(got - (left + right) / 2)


def _steps(concept: Concept, adapted: Adapted, arguments: Arguments, p: Probe) -> bool:
    """Whether the implementation is right at the case and does not move with its arguments: it counts, or rounds."""
    at = parts(adapted(**arguments))
    if not all(np.allclose(a, r, rtol=1e-9) for a, r in zip(at, p.results, strict=True)):
        return False
    moved = parts(adapted(**{**arguments, **{k: arguments[k] + 2.0**-13 * p.u[k] for k in p.wanted}}))
    return all(np.array_equal(a, b) for a, b in zip(at, moved, strict=True))


def _weight(p: Probe) -> float:
    """Size of ⟨w, f⟩: that much is rounded on the way, also where the derivative is 0."""
    return p.kappa + float(sum(np.abs(w * r).max(initial=0.0) for w, r in zip(p.w, p.results, strict=True)))


def _same_value(p: Probe, value: float, n: int) -> Evidence:
    """What the tape computes on its way is the definition's value."""
    terms = [w * r for w, r in zip(p.w, p.results, strict=True)]
    size = float(sum(np.abs(t).sum() for t in terms)) + p.kappa
    return roundoff(value, sum(float(t.sum()) for t in terms), n, C, size)


def _entry_by_entry(
    concept: Concept,
    adapted: Adapted,
    arguments: Arguments,
    p: Probe,
    gradient: dict[str, np.ndarray],
    near: dict[str, np.ndarray],
) -> list[Evidence]:
    """Beside the gradient of the implementation; its tolerance grows with the gradient's own sensitivity to rounding."""
    names = [k for k in p.wanted if symbol_of(concept, k).domain != "simplex"]  # there only along directions
    if not names:
        return []
    theirs = adapted.vjp(arguments, tuple(p.w), p.wanted)
    compared = []
    for k in names:
        moved = float(np.abs(near[k] - gradient[k]).max(initial=0.0)) / DELTA
        # rounding of the values themselves, for each unit of the argument; a slope such as 1 − h² is rounded by ε, however large
        # the argument is at which the function saturates
        values = _weight(p) / min(max(float(np.abs(arguments[k]).max(initial=0.0)), 1e-3), 1.0)
        size = float(np.abs(gradient[k]).max(initial=0.0)) + moved + values
        compared.append(roundoff(theirs[k], gradient[k], terms_of(concept, arguments), SWEEPS * C, size))
    return compared
