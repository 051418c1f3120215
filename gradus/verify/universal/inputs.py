"""The claims about how arguments are treated: any memory layout is accepted, and nothing is written into them."""

from __future__ import annotations

import copy

import numpy as np

from gradus.frameworks import Adapted
from gradus.frameworks.structure import flatten, map_arrays
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, all_of, identical
from gradus.verify.universal.cases import FEWER, Measure, over_cases
from gradus.verify.universal.sensitivity import parts
from gradus.verify.universal.values import compare


def accepts_strided(concept: Concept) -> Measure:
    """The claim's measurement: the same values on arrays of which every second entry is read."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        def one(arguments: Arguments) -> Evidence:
            strided = {k: map_arrays(_strided, v) for k, v in arguments.items()}
            return compare(concept, adapted, strided, want=parts(adapted(**arguments)))

        return over_cases(concept, rng, one)

    return measure


def leaves_input_unchanged(concept: Concept) -> Measure:
    """The claim's measurement: arrays are after the call what they were before."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        adapted = adapted.as_written()  # a program made from the function would not touch them

        def one(arguments: Arguments) -> Evidence:
            bound = adapted.bind(**arguments)
            arrays = [k for k, v in bound.items() if any(isinstance(a, np.ndarray) for a in flatten(v))]
            with adapted.framework.full_precision():
                own = adapted.convert({k: copy.deepcopy(v) if k in arrays else v for k, v in bound.items()})
                adapted.raw(own)
                after = [parts(adapted.to_numpy(own[k])) for k in arrays]
            same = [
                identical(a, b)
                for k, now in zip(arrays, after, strict=True)
                for a, b in zip(now, parts(bound[k]), strict=True)
            ]
            return all_of(identical(0, 0), *same)

        return over_cases(concept, rng, one, few=FEWER * adapted.framework.compiles)

    return measure


def _strided(array: np.ndarray) -> np.ndarray:
    """The array as every second entry of a wider one."""
    if array.ndim == 0:
        return array
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    wide[..., 1::2] = 7
    return wide[..., ::2]
