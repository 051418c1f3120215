"""What comes of calling a user's function once: an error, or a result and what it says of the function."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from gradus.frameworks import Adapted
from gradus.frameworks.registry import FRAMEWORKS, framework_named
from gradus.frameworks.structure import flatten
from gradus.page import Arguments
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.isolated.watch import EndedItself, described
from gradus.verify.structures import structure_fault


@dataclass(frozen=True)
class Answer:
    """What came of one call: an error, or a result, in the framework's own arrays or not, equal to the definition's or not."""

    adapted: Adapted
    error: Exception | None = None
    own: bool = False
    agrees: bool = False
    fault: Text | None = None
    on: str = ""


def answer_of(adapted: Adapted, inputs: list[Arguments]) -> Answer:
    """The answer on the first input whose options the function offers; warnings, as in the claims, are nobody's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _answer_on(adapted, inputs)


def _answer_on(adapted: Adapted, inputs: list[Arguments]) -> Answer:
    unoffered: Exception | None = None
    for arguments in inputs:
        bound = adapted.bind(**arguments)
        try:
            with adapted.framework.full_precision():
                own = adapted.convert(bound)
                return _judged(adapted, adapted.answer(own), own, arguments)
        except EndedItself:
            raise
        except NotApplicable as error:
            unoffered = error
        except Exception as error:
            return Answer(adapted, error, on=described(bound))
    return Answer(adapted, unoffered)


def _judged(adapted: Adapted, raw: Any, own: Arguments, arguments: Arguments) -> Answer:
    """What the result says of the function; `own` are the arguments in the framework's arrays."""
    with np.errstate(all="ignore"):
        want = adapted.concept.definition(**arguments)
    fault = structure_fault(adapted, raw, want, arguments)
    kind = _own(adapted, raw) and _takes_tracked(adapted, own)
    if fault is None and kind and adapted.concept.canonical:
        raw = adapted.concept.canonical(raw)
    return Answer(adapted, None, kind, fault is None and _agrees(adapted, raw, want), fault)


def _takes_tracked(adapted: Adapted, arguments: Arguments) -> bool:
    """Whether it takes arguments that a gradient is asked for: NumPy's functions take PyTorch's tensors, but not those."""
    if not adapted.concept.differentiable:
        return True
    try:
        adapted.answer({k: adapted.framework.tracked(v) for k, v in arguments.items()})
    except EndedItself:
        raise
    except Exception:
        return False
    return True


def _own(adapted: Adapted, raw: Any) -> bool:
    """Whether the result is in the framework's own arrays; NumPy and Python answer in numbers as well."""
    try:
        leaves = flatten(raw)
    except RecursionError:  # a list that holds itself
        return False
    holders = [f for f in map(framework_named, FRAMEWORKS) if f.packages and any(map(f.is_array, leaves))]
    return holders == ([adapted.framework] if adapted.framework.packages else [])


def _agrees(adapted: Adapted, raw: Any, want: Any) -> bool:
    try:
        got = flatten(adapted.to_numpy(raw))
        pairs = zip(got, flatten(want), strict=True)
        return all(np.allclose(g, w, rtol=1e-4, atol=1e-6, equal_nan=True) for g, w in pairs)
    except Exception:
        return False
