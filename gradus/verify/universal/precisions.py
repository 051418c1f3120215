"""The claims about lower precisions: values equal the definition's there too, and results keep their arguments' dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.frameworks import Adapted
from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence, NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import Measure, over_cases
from gradus.verify.universal.values import compare


def equals_definition_in(concept: Concept, dtype: str) -> Measure:
    """The measurement of "equals its definition" in a lower precision."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        _require(adapted, dtype)

        def one(arguments: Arguments) -> Evidence:
            _require_arrays(arguments)
            try:
                return compare(concept, adapted.cast(dtype), arguments)
            except RuntimeError as error:
                if dtype == "bfloat16" and adapted.framework.lacks_kernel(error):
                    raise NotApplicable(f"the framework does not offer it in {dtype}") from None
                raise

        return over_cases(concept, rng, one)

    return measure


def keeps_dtype(concept: Concept) -> Measure:
    """The claim's measurement: floating-point results have the dtype of the arguments."""
    why = Text("a result has the dtype of its arguments", "结果与参数的数据类型相同")

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        _require(adapted, "float32")

        def one(arguments: Arguments) -> Evidence:
            _require_arrays(arguments)
            wrong = [name for dtype in ("float64", "float32") for name in _others(adapted, arguments, dtype)]
            note = Text(f"{wrong[0]} came back", f"返回了 {wrong[0]}") if wrong else Text("", "")
            return Evidence("identical", float(len(wrong)), "=", 0.0, 0.0, why, note)

        return over_cases(concept, rng, one)

    return measure


def _others(adapted: Adapted, arguments: Arguments, dtype: str) -> list[str]:
    """The floating-point dtypes of results that are not the arguments' own."""
    cast = adapted.cast(dtype)
    bound = cast.bind(**arguments)
    with cast.framework.full_precision():
        names = [_dtype_name(result) for result in flatten(cast.raw(cast.convert(bound)))]
    return [name for name in names if "float" in name and name != dtype]


def _dtype_name(result: Any) -> str:
    return str(getattr(result, "dtype", "")).rpartition(".")[2]  # PyTorch's begin with its name


def _require(adapted: Adapted, dtype: str) -> None:
    framework = adapted.framework
    if dtype not in framework.precisions:
        raise NotApplicable(f"a {framework.name} function is judged in {', '.join(framework.precisions)}")


def _require_arrays(arguments: Arguments) -> None:
    if not any(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in flatten(arguments)):
        raise NotApplicable("no array among the arguments carries a dtype")
