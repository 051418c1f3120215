"""Every framework keeps the same promises; one more is a class and a line; nothing else asks which it is."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.errors import GradusError
from gradus.frameworks import (
    FRAMEWORKS,
    Adapted,
    Framework,
    adapt_function,
    framework_named,
    framework_of,
    like,
    namespace,
)
from gradus.page.not_applicable import NotApplicable
from gradus.verify import judge, universal_claims

ATTENTION = load().get("attention")
GRADUS = Path(__file__).resolve().parents[2] / "gradus"


@pytest.fixture(params=FRAMEWORKS)
def framework(request):
    made = framework_named(request.param)
    if made.packages:
        pytest.importorskip(made.packages[0])
    return made


ARRAYS = {
    "matrix": np.arange(6.0).reshape(2, 3),
    "number": np.array(2.5),
    "whole": np.array([1, -2]),
    "truth": np.array([True, False]),
    "empty": np.zeros((0, 3)),
    "backwards": np.arange(4.0)[::-1],
    "spread": np.arange(8.0)[::2],
    "read-only": np.broadcast_to(np.arange(3.0), (2, 3)),
}


@pytest.mark.parametrize("label", ARRAYS)
def test_arrays_come_back_as_they_went(framework, label):
    array = ARRAYS[label]
    if (framework.name, label) == ("python", "empty"):  # a list of no rows does not tell how long they are
        with pytest.raises(NotApplicable, match=r"lists cannot hold an array of shape \(0, 3\)"):
            framework.from_numpy(array, "float64")
        return
    with framework.full_precision():
        back = framework.to_numpy(framework.from_numpy(array, "float64"))
    assert back.dtype == array.dtype or label == "empty"
    assert back.shape == array.shape
    assert np.array_equal(back.ravel(), array.ravel())


def test_a_lower_precision_rounds_and_comes_back_as_float64(framework):
    third = np.array([1 / 3])
    for dtype in framework.precisions:
        with framework.full_precision():
            back = framework.to_numpy(framework.from_numpy(third, dtype))
        assert back.dtype == np.float64
        assert (back[0] == 1 / 3) == (dtype == "float64")


def test_the_framework_of_a_value_is_that_of_its_arrays(framework):
    own = framework.from_numpy(np.ones(2), "float32")
    assert framework_of(own).is_array(own) == framework.is_array(own)
    assert framework_of(own).name == ("numpy" if framework.name == "python" else framework.name)
    assert namespace(own) is framework.namespace()
    assert framework_of(namespace(own).exp(own)) is framework_of(own)
    assert namespace(like([1.0], own)) is namespace(own) or framework.name in ("numpy", "python")


def test_only_numpy_takes_what_no_framework_made():
    for value in (1, 2.5, "word", None, [1.0, 2.0], np.float64(1)):
        assert framework_of(value).name == "numpy"


def test_the_gradient_is_that_of_the_formula_or_not_offered(framework):
    x, w = np.array([1.0, -2.0, 3.0]), np.array([1.0, 10.0, 100.0])

    def cubes(arguments):
        return [arguments["x"] ** 3]

    with framework.full_precision():
        own = {"x": framework.from_numpy(x, "float64"), "y": framework.from_numpy(x, "float64")}
        if not framework.differentiates:
            with pytest.raises(NotApplicable, match=f"a {framework.name} function has no gradient"):
                framework.vjp(cubes, own, [w], ("x",))
            return
        gradient = framework.vjp(cubes, own, [w], ("x", "y"))
    np.testing.assert_allclose(gradient["x"], 3 * x**2 * w, rtol=1e-15)
    np.testing.assert_array_equal(gradient["y"], np.zeros(3))


def test_a_framework_that_is_not_installed_is_named_with_its_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(GradusError, match=r"needs JAX, which is not installed: pip install jax"):
        Adapted(lambda q, k, v: q, ATTENTION, "jax")


def test_every_page_names_frameworks_that_there_are():
    assert {i.framework for c in load() for i in c.implementations} <= set(FRAMEWORKS)


class Halves:
    """An array of a framework that no one else knows."""

    def __init__(self, doubled):
        self.doubled = doubled


class Halved(Framework):
    name = "halved"
    title = "Halved"

    def is_array(self, value):
        return isinstance(value, Halves)

    def from_numpy(self, array, dtype):
        return Halves(2 * array)

    def to_numpy(self, value):
        return value.doubled / 2


def test_one_more_framework_is_a_class_and_a_line(monkeypatch):
    monkeypatch.setitem(FRAMEWORKS, "halved", f"{__name__}:Halved")

    def attention(q, k, v):
        return Halves(2 * ATTENTION.definition(*(a.doubled / 2 for a in (q, k, v))))

    def forgets_values(q, k, v):
        return Halves(2 * ATTENTION.definition(q.doubled / 2, k.doubled / 2, v.doubled))

    for function, verdict in ((attention, "holds"), (forgets_values, "fails")):
        adapted = adapt_function(ATTENTION, function, "halved")
        verdicts = {c.name: judge(ATTENTION, c, adapted) for c in universal_claims(ATTENTION)}
        assert verdicts["equals-definition"].verdict == verdict
        assert verdicts["equals-definition-float32"].reason.en == "a halved function is judged in float64"
        assert verdicts["gradient-equals-definition"].verdict == "skipped"


def test_importing_the_frameworks_imports_neither_torch_nor_jax():
    script = (
        "import sys, gradus.frameworks as f\n"
        "[f.framework_named(n) for n in f.FRAMEWORKS]; f.framework_of(1.0)\n"
        "print([m for m in ('torch', 'jax', 'optax') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


WHICH = re.compile(r"framework(\.name)?\)? *(==|!=|(not )?in) *[(\"\']|startswith\(\"(torch|jax)")


def test_nothing_outside_asks_which_framework_it_is():
    asking = [
        f"{path.relative_to(GRADUS)}:{number}"
        for path in sorted(GRADUS.rglob("*.py"))
        if path.parent.name != "frameworks"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if WHICH.search(line)
    ]
    assert asking == []


def test_a_judging_process_keeps_what_jax_compiles_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    assert framework_named("jax").environment()["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "jax")
    monkeypatch.delenv("GRADUS_DATA")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: "~/x")  # no home
    assert framework_named("jax").environment() == {}
    assert framework_named("torch").environment() == {}
