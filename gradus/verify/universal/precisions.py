"""The claims about lower precisions: values equal the definition's there too, and results keep their arguments' dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.frameworks import Adapted
from gradus.frameworks.structure import flatten
from gradus.page import Arguments, Concept
from gradus.page.evidence import Evidence
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text
from gradus.verify.universal.cases import FEW, Measure, over_cases
from gradus.verify.universal.values import compare


def equals_definition_in(concept: Concept, dtype: str) -> Measure:
    """The measurement of "equals its definition" in a lower precision."""

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        _require(adapted, dtype)
        if adapted.framework.widens and any(s.shape == "function" for s in concept.symbols if s.argument):
            raise NotApplicable(
                Text(f"a function among the arguments has no {dtype}", f"参数中的函数没有 {dtype} 形式")
            )

        def one(arguments: Arguments) -> Evidence:
            _require_arrays(arguments)
            try:
                return compare(concept, adapted.cast(dtype), arguments)
            except (RuntimeError, TypeError) as error:
                if dtype == "bfloat16" and adapted.framework.lacks_kernel(error):
                    raise NotApplicable(
                        Text(f"the framework does not offer it in {dtype}", f"该框架不支持 {dtype}")
                    ) from None
                raise

        return over_cases(concept, rng, one, few=FEW * adapted.framework.compiles)

    return measure


def keeps_dtype(concept: Concept) -> Measure:
    """The claim's measurement: floating-point results have the dtype of the arguments."""
    why = Text("a result has the dtype of its arguments", "结果与参数的数据类型相同")

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        _require(adapted, "float32")

        def one(arguments: Arguments) -> Evidence:
            _require_arrays(arguments)
            wrong = [name for dtype in ("float64", "float32") for name in _others(adapted, arguments, dtype)]
            if wrong and adapted.framework.widens and set(wrong) == {"float64"}:
                raise NotApplicable(
                    Text(
                        f"{adapted.framework.title} functions may answer float32 in float64, as this one does",
                        f"{adapted.framework.title} 函数可以用 float64 回答 float32，该函数即如此",
                    )
                )
            if wrong and adapted.framework.widens_its_own and set(wrong) == {"float64"}:
                raise NotApplicable(
                    Text(
                        f"with float64 allowed, as here, arrays that a {adapted.framework.title} function makes by itself may widen float32",
                        f"此处允许 float64，{adapted.framework.title} 函数自己生成的数组可能使 float32 变宽",
                    )
                )
            note = Text(f"{wrong[0]} came back", f"返回了 {wrong[0]}") if wrong else Text("", "")
            return Evidence("identical", float(len(wrong)), "=", 0.0, 0.0, why, note)

        return over_cases(concept, rng, one, few=FEW * adapted.framework.compiles)

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
        raise NotApplicable(
            Text(
                f"a {framework.name} function is judged in {', '.join(framework.precisions)}",
                f"{framework.name} 函数只在 {'、'.join(framework.precisions)} 下评判",
            )
        )


def _require_arrays(arguments: Arguments) -> None:
    if not any(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in flatten(arguments)):
        raise NotApplicable(
            Text("no array among the arguments carries a dtype", "参数中没有带数据类型的数组")
        )
