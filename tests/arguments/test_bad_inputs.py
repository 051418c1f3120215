"""Every public function and method, with each of its arguments replaced by what users pass by mistake."""

from __future__ import annotations

import dataclasses
import inspect
import random
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from bad_inputs import CLEAN, REFUSED, SAME, Bad, bad_inputs
from right_calls import EXAMPLES, WITHOUT, callables
from sklearn.utils._param_validation import InvalidParameterError

from gradus.errors import GradusError
from tools.public_surface import PACKAGES

OF_ALL = 3  # one function in so many belongs to the ordinary run, but for
LONG = ("gradus.theory.certify", "gradus.theory.mean_field_limit")  # whose calls take as long as all others
LEAST = 6000
CLASSES = 24
COUNTED: Counter[str] = Counter()

#: Where NaN is what the documentation promises of a finite input, by function and argument: in which classes, and why.
NAN_IS_RIGHT: dict[tuple[str, str], tuple[set[str], str]] = {
    ("linear_regression", "y"): (
        {"extremes", "bool", "bfloat16", "expanded"},
        "R², F and t of a constant y are 0/0",
    ),
    ("linear_regression", "X"): ({"empty"}, "F of no columns is 0/0"),
    **{
        ("solve_qp", name): (
            {"extremes"},
            "a program without a solution, or beyond double precision; the reason says so",
        )
        for name in ("q", "A", "b", "G", "h", "g", "lower", "upper")
    },
    ("jacobian", "x"): ({"extremes"}, "exp(1e300) is ∞ in the user's function"),
}
#: Where what is wrong elsewhere is right, or the user's function answers for it: (function, argument, pattern), and why.
RIGHT_HERE: dict[tuple[str, str, str], str] = {
    (
        "loss_smoothness",
        "steps",
        r"wrong type: (tensor\(|\[1\.0\])",
    ): "steps are a list or a tensor of numbers",
    ("fit_parameters", "missing", r"str: |wrong type: \[1\.0\]"): "text or numbers, whichever",
    ("analysis_of_variance", "y", "list: of text"): "decimals as text are documented",
    (
        "checkpoint",
        "f",
        "wrong function",
    ): "the same function, which answers for itself",
    (
        "vjp",
        "x",
        "list: (nested|ragged)|wrong type: dict|list: empty list|list: with None",
    ): "lists and dicts of arrays are trees",
    ("solve_qp", "P", "wrong type: None"): "a linear program has no P",
    (
        "ScalingLaw",
        "coefficients",
        r"wrong type: (array|tensor).*",
    ): "an array of numbers is as good as a tuple",
    ("ScalingLaw", "exponents", r"wrong type: (array|tensor).*"): "an array of numbers is as good as a tuple",
    ("L1Norm", "weight", "hyper-parameter: tensors of two"): "one weight for each coordinate",
    (
        "squared_exponential_kernel",
        "length",
        "hyper-parameter: tensors of two",
    ): "one length for each coordinate",
    ("matern_kernel", "length", "hyper-parameter: tensors of two"): "one length for each coordinate",
    ("periodic_kernel", "period", "hyper-parameter: tensors of two"): "one period for each coordinate",
    ("linear_kernel", "deviation", "hyper-parameter: tensors of two"): "one deviation for each coordinate",
    ("GaussianProcess", "noise", "hyper-parameter: tensors of two"): "one for each point",
    (
        "GaussianProcess",
        "kernel",
        "wrong function",
    ): "it is called, and its values looked at, where there are points",
    ("Box", "lower", "hyper-parameter: tensors of two"): "one bound for each coordinate",
    ("Box", "upper", "hyper-parameter: tensors of two"): "one bound for each coordinate",
    ("KalmanFilter.sample", "series", r"hyper-parameter: \(1,\)"): "the leading axes may be several",
    (
        "AffineCoupling|MaskedAutoregressiveLayer|MaskedAutoregressiveFlow|RealNVP",
        "hidden",
        "list: empty list",
    ): "no hidden layer: log-scales and shifts are linear",
    ("Residual.forward", "x", "complex"): "complex networks have residual blocks, too",
    (
        "trajectory",
        "function",
        "wrong function",
    ): "an optimiser that needs no closure does not look at its value",
    ("trajectory", "theta0", "requires_grad leaf"): "a tensor is taken, and the optimiser works on a copy",
    ("Adaline", "random_state", "wrong type: None"): "scikit-learn's convention: NumPy's global generator",
    ("(Adaline|LogisticRegression|Perceptron).fit", "y", "list: of text"): "labels may be text",
}


def test_every_public_callable_has_a_right_call_or_a_reason():
    names = set(callables())
    assert names == set(EXAMPLES) | set(WITHOUT)
    assert not set(EXAMPLES) & set(WITHOUT)
    assert all(WITHOUT.values()) and len(EXAMPLES) > 100


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_right_call_is_right_and_names_its_arguments(name):
    example = EXAMPLES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert list(_faults_of_result(example.call(**example.arguments()))) == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if i % OF_ALL or name in LONG else [])
        for i, name in enumerate(EXAMPLES)
    ],
)
def test_bad_inputs_are_refused_by_name_or_answered_rightly(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    faults = [fault for argument in EXAMPLES[name].arguments() for fault in faults_of(name, argument)]
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)


def test_the_cases_are_as_many_as_was_said():
    """Counted from the generators, so that a class that makes nothing is seen, in whatever order tests run."""
    counted: Counter[str] = Counter()
    for example in EXAMPLES.values():
        for value in example.arguments().values():
            counted.update(bad.of for bad in bad_inputs(value))
    assert len(counted) >= CLASSES and min(counted.values()) >= 8, counted
    assert counted.total() >= LEAST, counted.total()


def faults_of(name: str, argument: str) -> Iterator[str]:
    """What goes wrong, one line for each bad input."""
    example = EXAMPLES[name]
    _called(example.call, example.arguments())  # what is imported at first use is
    for bad in bad_inputs(example.arguments()[argument]):
        COUNTED[bad.of] += 1
        if _right_here(name, argument, bad):
            continue
        arguments = {**example.arguments(), argument: bad.value}
        for fault in _faults(name, argument, bad, arguments):
            yield f"{name}({argument}={bad.of}: {bad.name}): {fault}"


def _right_here(name: str, argument: str, bad: Bad) -> bool:
    if bad.value is None and _default(name, argument) is None:
        return True
    short = name.split(".", 2)[2].removeprefix("distributions.")
    words = f"{bad.of}: {bad.name}"
    return any(
        re.fullmatch(f, short) and argument == a and re.match(pattern, words) for f, a, pattern in RIGHT_HERE
    )


def _default(name: str, argument: str) -> Any:
    """What the argument is where it is not given; what has no default has the empty one."""
    package = max((p for p in PACKAGES if name.startswith(f"{p}.")), key=len)
    found: Any = import_module(package)
    for part in name.removeprefix(f"{package}.").split("."):
        found = getattr(found, part)
    parameter = inspect.signature(found).parameters.get(argument)
    return inspect.Parameter.empty if parameter is None else parameter.default


def _faults(name: str, argument: str, bad: Bad, arguments: dict[str, Any]) -> Iterator[str]:
    before, state = {k: _print(v) for k, v in arguments.items()}, _global_state()
    error, result = _called(EXAMPLES[name].call, arguments)
    if _global_state() != state:
        yield "global state changed"
    changed = [k for k, v in arguments.items() if _print(v) != before[k] and k not in ("generator", "branch")]
    if changed:
        yield f"changed its input {changed}"
    if isinstance(error, (GradusError, InvalidParameterError)):
        mine = (argument,) if bad.due == REFUSED else tuple(arguments)
        named = any(re.search(rf"(?<![A-Za-z]){re.escape(a)}(?![A-Za-z])", str(error)) for a in mine)
        if not named and not (
            isinstance(bad.value, (str, Path)) and str(bad.value) and str(bad.value) in str(error)
        ):
            yield f"refused without the name of the argument: {error}"
    elif error is not None:
        yield f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
    elif bad.due == REFUSED:
        yield f"taken in silence: {_short(result)}"
    elif (
        bad.due == CLEAN
        and bad.of not in NAN_IS_RIGHT.get((name.rpartition(".")[2], argument), (set(), ""))[0]
    ):
        yield from _faults_of_result(result)
    elif bad.due == SAME:
        yield from _differences(name, argument, bad, arguments, result)


def _called(call: Any, arguments: dict[str, Any]) -> tuple[Exception | None, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="Casting complex|.*ragged")
        try:
            return None, call(**arguments)
        except Exception as error:
            return error, None


def _differences(name: str, argument: str, bad: Bad, arguments: dict[str, Any], result: Any) -> Iterator[str]:
    _, plain = _called(EXAMPLES[name].call, {**EXAMPLES[name].arguments(), argument: bad.plain})
    for a, b in zip(_numbers(result), _numbers(plain), strict=True):
        if not np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True):
            yield f"another result than of the plain input: {_short(result)}"
            return


def _faults_of_result(result: Any) -> Iterator[str]:
    if any(np.isnan(numbers).any() for numbers in _numbers(result)):
        yield f"NaN from finite input: {_short(result)}"


def _numbers(result: Any) -> list[np.ndarray]:
    """All numbers in a result, as arrays."""
    if isinstance(result, torch.Tensor):
        return (
            []
            if result.is_meta
            else [
                result.detach()
                .resolve_neg()
                .to(torch.complex128 if result.is_complex() else torch.float64)
                .numpy()
            ]
        )
    if isinstance(result, (bool, int, float, np.number, np.ndarray)):
        array = np.asarray(result)
        return [array.astype(float)] if array.dtype.kind in "fiubO" else []
    if isinstance(result, (list, tuple)):
        return [n for part in result for n in _numbers(part)]
    if dataclasses.is_dataclass(result):
        return [
            n
            for part in dataclasses.fields(result)
            if part.repr
            for n in _numbers(getattr(result, part.name))
        ]
    if hasattr(result, "get_params"):
        return [n for k, v in sorted(vars(result).items()) if k.endswith("_") for n in _numbers(v)]
    return []


def _short(result: Any) -> str:
    return " ".join(repr(result).split())[:110]


def _print(value: Any) -> Any:
    """Something that changes when the value does."""
    if isinstance(value, torch.Tensor):
        if value.layout is not torch.strided or value.is_meta:
            return str(value.layout), tuple(value.shape)
        plain = value.detach().resolve_neg()
        bits = plain.contiguous().view(torch.uint8) if plain.ndim else plain.reshape(1).view(torch.uint8)
        return (
            value.dtype,
            tuple(value.shape),
            value.requires_grad,
            value.grad is None,
            bits.numpy().tobytes(),
        )
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        return value.dtype, value.shape, value.tobytes()
    if isinstance(value, (list, tuple)):
        return [_print(v) for v in value]
    return repr(value) if isinstance(value, (str, int, float, dict, np.ndarray)) else id(value)


def _global_state() -> tuple[Any, ...]:
    """What no call may change: random states, default precision, gradient mode, threads, how NumPy treats errors, filters."""
    return (
        torch.random.get_rng_state().numpy().tobytes(),
        np.random.get_state()[1].tobytes(),
        random.getstate(),
        torch.get_default_dtype(),
        torch.is_grad_enabled(),
        torch.get_num_threads(),
        tuple(np.geterr().items()),
        tuple(map(id, warnings.filters)),
    )
