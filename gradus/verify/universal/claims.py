"""The claims that every concept with a definition gets.

The tolerance of "equals its definition" is not guessed. An implementation is accepted when its error is no larger
than that of a backward-stable algorithm: rounding of relative size c·n·ε in the data, which moves the result by
c·n·ε·(|f| + κ), where κ is the definition's own sensitivity to relative perturbations of its arguments, measured at
each case. In bfloat16 n is replaced by √n, the growth of rounding errors that behave like random signs
(Higham and Mary, 2019).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.frameworks.adapters import PRECISIONS, Adapted
from gradus.page import Arguments, Claim, Concept
from gradus.page.evidence import EPSILON, Evidence, NotApplicable, all_of, identical, no_gradient, raises
from gradus.text import Text
from gradus.verify.universal.cases import noted, over_cases
from gradus.verify.universal.differentiate import (
    REFUSALS,
    C,
    differentiated,
    leaves,
    parts,
    probe,
    shake,
    slope,
    symbol_of,
    terms_of,
)
from gradus.verify.universal.tape import tape_gradient

NO_DTYPE = Text("no array among the arguments carries a dtype", "参数中没有带数据类型的数组")
NO_BATCH = Text("no batched array among the arguments", "参数中没有可批量的数组")
C_LOW = 2.0  # in 16 bits frameworks accumulate in float32 and round what they store


def universal_claims(concept: Concept) -> list[Claim]:
    """The universal claims that apply to the concept."""
    claims = [
        Claim("equals-definition", Text("equals its definition", "与定义相等"), _equals(concept, "float64"), universal=True),
        Claim("equals-definition-float32", Text("equals its definition in float32", "在 float32 下与定义相等"), _equals(concept, "float32"), universal=True),
        Claim("equals-definition-bfloat16", Text("equals its definition in bfloat16", "在 bfloat16 下与定义相等"), _equals(concept, "bfloat16"), universal=True),
        Claim("keeps-dtype-and-device", Text("keeps dtype and device", "保持数据类型与设备"), _keeps_dtype(concept), universal=True),
        Claim("accepts-strided-input", Text("accepts non-contiguous input", "接受非连续内存的输入"), _accepts_strided(concept), universal=True),
        Claim("leaves-input-unchanged", Text("does not change its input", "不改动输入"), _leaves_input(concept), universal=True),
    ]  # fmt: skip
    if concept.differentiable and differentiated(concept):
        claims.append(Claim("gradient-equals-definition", Text("gradient equals the definition's, by complex step or finite differences", "梯度等于定义的复步长或有限差分导数"), _gradient(concept), universal=True))  # fmt: skip
        claims.append(Claim("tape-gradient", Text("its gradient is what our own tape finds for the definition", "其梯度与自写梯度带对定义求得的一致"), tape_gradient(concept), universal=True))  # fmt: skip
    if any(s.batched for s in concept.symbols):
        claims.append(Claim("accepts-batches", Text("a batch gives what its members give one by one", "批量计算与逐个计算一致"), _batches(concept), universal=True))  # fmt: skip
        claims.append(Claim("accepts-empty-batch", Text("an empty batch gives an empty result", "空批量得到空结果"), _empty(concept), universal=True))  # fmt: skip
    if concept.has("invalid"):
        claims.append(Claim("rejects-invalid-input", Text("rejects invalid input", "拒绝无效输入"), _rejects(concept), universal=True))  # fmt: skip
    return claims


def compare(
    concept: Concept, adapted: Adapted, arguments: Arguments, want: list[np.ndarray] | None = None
) -> Evidence:
    """The implementation beside the definition (or beside `want`) on one input, in the implementation's precision."""
    rounded = {k: _round(v, adapted) for k, v in arguments.items()}
    # A bad value meant by the case (log 0, overflow) is judged by the comparison, not by a warning.
    with np.errstate(all="ignore"):
        defined = parts(concept.definition(**rounded))
        sizes = _sensitivity(concept, rounded, defined)
    want = defined if want is None else want
    got = parts(adapted(**rounded))
    if len(got) != len(want):
        said = Text(f"{len(got)} results, expected {len(want)}", f"{len(got)} 个结果，应为 {len(want)} 个")
        return Evidence("roundoff", math.inf, "=", 0.0, 0.0, Text("as many results", "结果个数一致"), said)
    n = terms_of(concept, arguments)
    return all_of(*[_close(g, w, s, n, adapted.dtype) for g, w, s in zip(got, want, sizes, strict=True)])


def _close(got: np.ndarray, want: np.ndarray, size: float, n: int, dtype: str) -> Evidence:
    from gradus.page.evidence import roundoff

    if want.dtype.kind in "biu":
        return identical(got, want)
    epsilon = PRECISIONS[dtype]
    if dtype in ("bfloat16", "float16"):
        evidence = roundoff(got, want, 1, C_LOW * math.sqrt(n), size, epsilon)
    else:
        evidence = roundoff(got, want, n, C, size, epsilon)
    return evidence


def _round(value: Any, adapted: Adapted) -> Any:
    """The value as the precision holds it, so that representing the input is not counted as an error."""
    if isinstance(value, (tuple, list)) and any(isinstance(v, np.ndarray) for v in value):
        return type(value)(_round(v, adapted) for v in value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f" and adapted.dtype != "float64":
        return adapted.to_numpy(adapted.from_numpy(value))
    return value


def _sensitivity(
    concept: Concept, arguments: Arguments, want: list[np.ndarray], draws: int = 2
) -> list[float]:
    """|f| + κ per result, κ = max over a few random patterns σ of |f(x(1+δσ)) − f(x)|/δ."""
    sizes = [float(np.abs(w[np.isfinite(w)]).max(initial=0.0)) for w in want]
    moved = [0.0] * len(want)
    rng = np.random.default_rng(0)
    delta = 2.0**-26
    for _ in range(draws):
        shaken = {k: shake(v, delta, rng) for k, v in arguments.items()}
        try:
            near = parts(concept.definition(**shaken))
        except REFUSALS:
            continue
        for i, (a, b) in enumerate(zip(near, want, strict=True)):
            if a.shape == b.shape and b.dtype.kind == "f":
                difference = np.abs(a - b)[np.isfinite(a) & np.isfinite(b)]
                moved[i] = max(moved[i], float(difference.max(initial=0.0)) / delta)
    return [s + m for s, m in zip(sizes, moved, strict=True)]


def _tensors_only(adapted: Adapted) -> None:
    if adapted.framework not in ("torch", "jax"):
        raise NotApplicable(
            Text(
                f"a {adapted.framework} function is judged in float64",
                f"{adapted.framework} 函数只在 float64 下评判",
            )
        )


def _has_arrays(arguments: Arguments) -> bool:
    return any(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in leaves(arguments))


def _equals(concept: Concept, dtype: str) -> Callable[[Adapted, np.random.Generator], Evidence]:
    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        if dtype != "float64":
            _tensors_only(adapted)

        def one(arguments: Arguments) -> Evidence:
            if dtype != "float64" and not _has_arrays(arguments):
                raise NotApplicable(NO_DTYPE)
            try:
                return compare(concept, adapted.cast(dtype), arguments)
            except RuntimeError as error:
                if dtype == "bfloat16" and _no_kernel(error):
                    raise NotApplicable(
                        Text(f"the framework does not offer it in {dtype}", f"该框架不支持 {dtype}")
                    ) from None
                raise

        return over_cases(concept, rng, one)

    return measure


def _no_kernel(error: Exception) -> bool:
    """Whether a framework refuses the precision itself, as PyTorch's factorisations do in 16 bits."""
    said = str(error)
    return "not implemented for" in said or "dtypes not supported" in said


def _keeps_dtype(concept: Concept) -> Callable[[Adapted, np.random.Generator], Evidence]:
    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        _tensors_only(adapted)

        def one(arguments: Arguments) -> Evidence:
            if not _has_arrays(arguments):
                raise NotApplicable(NO_DTYPE)
            wrong = []
            for dtype in ("float64", "float32"):
                cast = adapted.cast(dtype)
                bound = cast._bind((), dict(arguments))
                with cast._precision():
                    results = cast.raw({k: cast.from_numpy(v) for k, v in bound.items()})
                wrong += [r for r in _results(results) if _floating(r) and not _dtype_name(r).endswith(dtype)]
            said = (
                Text(f"{_dtype_name(wrong[0])} came back", f"返回了 {_dtype_name(wrong[0])}")
                if wrong
                else Text("", "")
            )
            why = Text("a result has the dtype of its arguments", "结果与参数的数据类型相同")
            return Evidence("identical", float(len(wrong)), "=", 0.0, 0.0, why, said)

        return over_cases(concept, rng, one)

    return measure


def _results(value: Any) -> list[Any]:
    return [leaf for v in value for leaf in _results(v)] if isinstance(value, (tuple, list)) else [value]


def _floating(value: Any) -> bool:
    return "float" in _dtype_name(value)


def _dtype_name(value: Any) -> str:
    return str(getattr(value, "dtype", ""))


def _accepts_strided(concept: Concept) -> Callable[[Adapted, np.random.Generator], Evidence]:
    def spread(value: Any) -> Any:
        if isinstance(value, (tuple, list)) and any(isinstance(v, np.ndarray) for v in value):
            return type(value)(spread(v) for v in value)
        if not isinstance(value, np.ndarray) or value.ndim == 0:
            return value
        wide = np.zeros((*value.shape[:-1], 2 * value.shape[-1]), value.dtype)
        wide[..., ::2] = value
        wide[..., 1::2] = 7
        return wide[..., ::2]

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        def one(arguments: Arguments) -> Evidence:
            strided = {k: spread(v) for k, v in arguments.items()}
            return compare(concept, adapted, strided, want=parts(adapted(**arguments)))

        return over_cases(concept, rng, one)

    return measure


def _leaves_input(concept: Concept) -> Callable[[Adapted, np.random.Generator], Evidence]:
    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        def one(arguments: Arguments) -> Evidence:
            bound = adapted._bind((), dict(arguments))
            arrays = [
                k for k, v in bound.items() if any(isinstance(leaf, np.ndarray) for leaf in leaves({k: v}))
            ]
            with adapted._precision():
                own = {
                    k: adapted.from_numpy(copy.deepcopy(v) if k in arrays else v) for k, v in bound.items()
                }
                adapted.raw(own)
                after = [parts(adapted.to_numpy(own[k])) for k in arrays]
            same = [
                identical(a, b)
                for k, now in zip(arrays, after, strict=True)
                for a, b in zip(now, parts(bound[k]), strict=True)
            ]
            return all_of(identical(0, 0), *same)

        return over_cases(concept, rng, one)

    return measure


def _gradient(concept: Concept) -> Callable[[Adapted, np.random.Generator], Evidence]:
    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        if not adapted.differentiates:
            raise no_gradient(adapted.framework)
        return over_cases(concept, rng, lambda arguments: _directional(concept, adapted, arguments, rng))

    return measure


def _directional(
    concept: Concept, adapted: Adapted, arguments: Arguments, rng: np.random.Generator
) -> Evidence:
    """⟨vjp(w), u⟩ of the implementation beside d/dt ⟨w, f(x+tu)⟩ of the definition, for random w and u."""
    p = probe(concept, arguments, rng)
    want, tolerance, why = slope(concept.definition, p, arguments, terms_of(concept, arguments))
    got, size = p.along(adapted.vjp(arguments, tuple(p.w), p.wanted))
    extra = C * terms_of(concept, arguments) * EPSILON * size
    note = Text(
        f"{got:.12g} along a random direction, definition {want:.12g}",
        f"沿随机方向为 {got:.12g}，定义给出 {want:.12g}",
    )
    return Evidence("roundoff", abs(got - want), "=", 0.0, tolerance + extra, why, note)


def _batches(concept: Concept) -> Callable[[Adapted, np.random.Generator], Evidence]:
    batched = [s.argument for s in concept.symbols if s.batched and s.argument]

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        def one(arguments: Arguments) -> Evidence:
            names = [
                k
                for k in batched
                if isinstance(arguments.get(k), np.ndarray) and arguments[k].dtype.kind == "f"
            ]
            if not names:
                raise NotApplicable(NO_BATCH)
            members = [arguments, {**arguments, **{k: arguments[k][...] * 0.5 for k in names}}]
            if any(symbol_of(concept, k).domain == "simplex" for k in names):
                members[1] = {**arguments, **{k: arguments[k][..., ::-1] for k in names}}
            stacked = {**arguments, **{k: np.stack([m[k] for m in members]) for k in names}}
            want = [np.stack(pair) for pair in zip(*[parts(adapted(**m)) for m in members], strict=True)]
            with np.errstate(all="ignore"):
                sizes = _sensitivity(concept, arguments, parts(concept.definition(**arguments)))
            got = parts(adapted(**stacked))
            n = terms_of(concept, arguments)
            finite = [float(np.abs(w[np.isfinite(w)]).max(initial=0)) for w in want]
            return all_of(*[_close(g, w, max(s, f), n, "float64") for g, w, s, f in zip(got, want, sizes, finite, strict=True)])  # fmt: skip

        return over_cases(concept, rng, one)

    return measure


def _empty(concept: Concept) -> Callable[[Adapted, np.random.Generator], Evidence]:
    batched = [s.argument for s in concept.symbols if s.batched and s.argument]

    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        def one(arguments: Arguments) -> Evidence:
            names = [k for k in batched if isinstance(arguments.get(k), np.ndarray)]
            if not names:
                raise NotApplicable(NO_BATCH)
            with np.errstate(all="ignore"):
                want = [(0, *r.shape) for r in parts(concept.definition(**arguments))]
            empty = {
                **arguments,
                **{k: np.zeros((0, *arguments[k].shape), arguments[k].dtype) for k in names},
            }
            got = [r.shape for r in parts(adapted(**empty))]
            said = (
                Text(f"shapes {got}, expected {want}", f"形状为 {got}，应为 {want}")
                if got != want
                else Text("", "")
            )
            return Evidence("identical", float(got != want), "=", 0.0, 0.0, Text("the shape with a batch of 0", "批量为 0 的形状"), said)  # fmt: skip

        return over_cases(concept, rng, one)

    return measure


def _rejects(concept: Concept) -> Callable[[Adapted, np.random.Generator], Evidence]:
    def measure(adapted: Adapted, rng: np.random.Generator) -> Evidence:
        from gradus.errors import GradusError

        ours = adapted.name.startswith("gradus.")
        found = []
        for label, arguments in concept.invalid(rng):
            try:
                evidence = raises(lambda a=arguments: adapted(**a), *((GradusError,) if ours else REFUSALS))  # type: ignore[misc]
            except NotApplicable:
                continue
            if not evidence.holds:
                evidence = noted(
                    evidence, Text(f"“{label}”: {evidence.note.en}", f"“{label}”：{evidence.note.zh}")
                )
            found.append(evidence)
        if not found:
            raise NotApplicable(Text("no invalid input applies", "没有适用的无效输入"))
        return all_of(*found)

    return measure
