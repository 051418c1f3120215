"""NumPy's whole namespace on the tape: each call has NumPy's value and the differences' derivative, or is refused by name.

Nobody lists the functions: they are read from NumPy, and called with every kind of argument that fits one of them.
"""

import inspect
import math
import warnings

import numpy as np
import pytest
from right_or_refused import CALLS, OPTIONS, SHAPES, check, options_of
from scipy import special

from gradus.foundations.autodiff.arguments import _compared
from gradus.foundations.autodiff.composed import COMPOSED

pytestmark = pytest.mark.filterwarnings("ignore")
MODULES = (np, np.linalg, np.fft, np.lib.stride_tricks, np.emath)
FILES = (
    "save",
    "load",
    "fromfile",
    "fromregex",
    "genfromtxt",
    "memmap",
    "frombuffer",
    "from_dlpack",
    "as_strided",
)  # no functions of numbers
OF_ALL = 6  # one function in so many belongs to the ordinary run
SETTINGS = ("set", "get", "show", "print", "info", "test", "err")
NOT_OF_VALUES = {
    "empty",
    "empty_like",
    "bmat",
    "isscalar",
    "mintypecode",
}  # memory as it was, and what looks at types alone


def functions():
    seen: set[int] = set()
    for module in MODULES:
        for name in sorted(dir(module)):
            f = getattr(module, name)
            usual = not name.startswith(("_", *FILES, *SETTINGS)) and name not in NOT_OF_VALUES
            if usual and callable(f) and not isinstance(f, type) and id(f) not in seen:
                seen.add(id(f))
                slow = [pytest.mark.slow] if len(seen) % OF_ALL else []
                yield pytest.param(f, id=f"{module.__name__}.{name}", marks=slow)


@pytest.mark.parametrize("f", [*functions()])
def test_right_or_refused(f):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for shape in SHAPES:
            for call in CALLS:
                check(f, call, None, None, shape)
        for shape in SHAPES[:2]:
            for name in options_of(f):
                for option in OPTIONS[name]:
                    for call in ("x", "x, y", "[x, y]", "x, 1", "positive definite"):
                        check(f, call, name, option, shape)


METHODS_OF_UFUNCS = [
    pytest.param(getattr(u, m), id=f"{u.__name__}.{m}")
    for u in (getattr(np, n) for n in sorted(dir(np)))
    if isinstance(u, np.ufunc) and u.nin == 2 and u.nout == 1 and u.signature is None
    for m in ("reduce", "accumulate", "outer", "reduceat")
]


@pytest.mark.parametrize("f", METHODS_OF_UFUNCS)
def test_methods_of_ufuncs_are_right_or_refused(f):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for call in ("x", "x, 1", "x, -1", "x, y", "c, x", "x, [0, 1]", "row, y"):
            check(f, call, None, None, (2, 3))
        if f.__name__ == "reduce":
            for name, option in (
                ("keepdims", True),
                ("initial", 0.4),
                ("where", "mask"),
                ("dtype", int),
                ("axis", (0, 1)),
                ("axis", None),
            ):
                check(f, "x", name, option, (2, 3))


WRITE_FILES = {"tofile", "dump", "dumps"}


@pytest.mark.parametrize(
    "name", sorted(n for n in dir(np.ndarray) if not n.startswith("_") and n not in WRITE_FILES)
)
def test_attributes_of_arrays_are_right_or_refused(name):
    def f(x, *args, **kwargs):
        attribute = getattr(x, name)
        return attribute(*args, **kwargs) if callable(attribute) else attribute

    def changed(x, *args, **kwargs):
        copy = x * 1.0
        f(copy, *args, **kwargs)
        return copy

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for shape in SHAPES:
            for call in (
                "x",
                "x, 1",
                "x, 0",
                "x, -1",
                "x, y",
                "x, c",
                "x, [0, 1]",
                "x, .3",
                "x, 0, 1",
                "x, mask",
                "x, .2, .6",
                "mask, x",
            ):
                check(f, call, None, None, shape)
                check(changed, call, None, None, shape)


@pytest.mark.parametrize(
    "name", [n for n in dir(math) if callable(getattr(math, n)) and not n.startswith("_")]
)
def test_functions_of_numbers_are_right_or_refused(name):
    for call in ("x", "x, y", "x, c", "c, x", "[x, y]", "x, 1", "x, .3", ".3, x"):
        check(getattr(math, name), call, None, None, ())
        check(getattr(math, name), call, None, None, (1,))


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in dir(special)
        if not n.startswith("_")
        and callable(getattr(special, n))
        and not isinstance(getattr(special, n), type)
    ],
)
def test_special_functions_of_scipy_are_right_or_refused(name):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for call in ("x", "x, y", "x, c", "c, x", "x, 1", ".3, x", "x, .2, .6"):
            check(getattr(special, name), call, None, None, (2, 3))


def test_the_walk_compares_many_functions():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        compared = [
            p.id for p in functions() if any(check(p.values[0], call, None, None, (3, 3)) for call in CALLS)
        ]
    assert len(compared) > 190, len(compared)


@pytest.mark.parametrize("f", [f for f in COMPOSED if not isinstance(f, np.ufunc)], ids=lambda f: f.__name__)
def test_arguments_have_the_names_that_numpy_gives_them(f):
    order = _compared(f, COMPOSED[f])
    theirs = inspect.signature(f).parameters
    open_ended = {
        n
        for n, p in inspect.signature(COMPOSED[f]).parameters.items()
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
    }
    if any(p.kind is p.VAR_KEYWORD for p in theirs.values()) or "args" in open_ended or order.everything:
        return
    assert order.ours - open_ended <= set(theirs), order.ours - set(theirs)
    assert next(iter(inspect.signature(COMPOSED[f]).parameters)) == next(iter(theirs))
