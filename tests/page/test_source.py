"""What a page shows as its definition runs where it is pasted: nothing but NumPy and the standard library is there."""

import ast
import sys
from itertools import islice

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.errors import GradusError
from gradus.frameworks.structure import flatten
from gradus.page.source import standalone

CONCEPTS = {c.key: c for c in load()}


def imported(text):
    """The packages that a text imports, wherever it does so."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def bits(result):
    """Type, shape and bytes of every array of a result."""
    arrays = [np.asarray(leaf) for leaf in flatten(result)]
    return [(a.dtype.str, a.shape, a.tolist() if a.dtype == object else a.tobytes()) for a in arrays]


@pytest.mark.parametrize("key", CONCEPTS)
def test_the_shown_definition_runs_alone_and_gives_the_same_bits(key):
    concept, namespace = CONCEPTS[key], {"__name__": "notebook"}
    text = concept.source_code
    assert set(imported(text)) <= {"numpy", *sys.stdlib_module_names}
    exec(text, namespace)
    shown = namespace[concept.definition.__name__]
    cases = [list(islice(concept.cases(np.random.default_rng(5)), 3)) for _ in range(2)]
    assert cases[0]
    for (label, arguments), (_, again) in zip(*cases, strict=True):
        with np.errstate(all="ignore"):
            assert bits(shown(**arguments)) == bits(concept.definition(**again)), label


def module_of(text, monkeypatch, tmp_path, name="gradus_helpers"):
    """A module with that text."""
    (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, name, raising=False)
    return __import__(name)


def test_parts_stand_in_the_order_of_need_once_and_without_what_is_not_used(monkeypatch, tmp_path):
    module = module_of(
        "import math\nimport os\nfrom functools import cache\n\nLOW, HIGH = 1, 2\nUNUSED = 3\n\n"
        "def twice(x):\n    return third(HIGH * x)\n\n"
        "@cache\ndef third(x):\n    return math.floor(x / 3) if x else twice(LOW)\n\n"
        "def definition(x, UNUSED=0):\n    os = [UNUSED for UNUSED in range(x)]\n    return twice(x) + len(os)\n",
        monkeypatch,
        tmp_path,
        "order_of_need",
    )
    assert standalone(module.definition) == (
        "import math\nfrom functools import cache\n\nimport numpy as np\n\nLOW, HIGH = 1, 2\n\n\n"
        "@cache\ndef third(x):\n    return math.floor(x / 3) if x else twice(LOW)\n\n\n"
        "def twice(x):\n    return third(HIGH * x)\n\n\n"
        "def definition(x, UNUSED=0):\n    os = [UNUSED for UNUSED in range(x)]\n    return twice(x) + len(os)"
    )


def test_a_definition_that_calls_itself_is_shown_once(monkeypatch, tmp_path):
    module = module_of(
        "def half(n):\n    return definition(n // 2)\n\n"
        "def definition(n):\n    return n if n < 2 else half(n) + definition(n - 1)\n",
        monkeypatch,
        tmp_path,
        "calls_itself",
    )
    shown = standalone(module.definition)
    assert shown.count("def definition") == shown.count("def half") == 1
    assert shown.endswith("return n if n < 2 else half(n) + definition(n - 1)")


@pytest.mark.parametrize(
    "imports, use, words",
    [
        ("from gradus.foundations import entropy", "entropy(x)", "entropy of gradus.foundations"),
        ("from scipy.special import erf", "erf(x)", "erf of scipy.special"),
        ("import torch", "torch.sin(x)", "torch of torch"),
        ("", "sine(x)", "uses sine"),
    ],
)
def test_what_cannot_be_shown_is_named(imports, use, words, monkeypatch, tmp_path):
    name = f"not_shown_{abs(hash(use))}"
    module = module_of(f"{imports}\n\ndef definition(x):\n    return {use}\n", monkeypatch, tmp_path, name)
    with pytest.raises(GradusError, match=words):
        standalone(module.definition)


def test_constants_of_other_modules_are_shown(monkeypatch, tmp_path):
    module = module_of(
        "from gradus.page.evidence import EPSILON\n\ndef definition(x):\n    return x * EPSILON\n",
        monkeypatch,
        tmp_path,
        "uses_a_constant",
    )
    namespace = {}
    exec(standalone(module.definition), namespace)
    assert namespace["definition"](1.0) == np.finfo(float).eps
