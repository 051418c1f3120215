"""What is public is listed, documented and shown by an example; a lost name or argument is a visible decision."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from gradus.catalogue import load
from tools.public_surface import LIBRARY, PACKAGES, REFERENCE, ROOT, SNAPSHOT, public, reference, surface

LAZY = ("gradus.foundations", "gradus.networks", "gradus.optimization", "gradus.vision")
WITHOUT_EXAMPLE = {
    "gradus.data.extract": "needs an archive",
    "gradus.data.fetch": "needs the network",
    "gradus.data.load_graph": "needs files that are not embedded",
    "gradus.data.load_sentences": "needs files that are not embedded",
    "gradus.data.read_idx": "needs a file",
    "gradus.data.read_npy": "needs a file",
}


def test_the_surface_is_the_one_that_was_agreed_on():
    agreed, now = SNAPSHOT.read_text(encoding="utf-8").splitlines(), surface()
    lost, new = sorted(set(agreed) - set(now)), sorted(set(now) - set(agreed))
    assert now == agreed, (
        f"the public surface changed: lost {lost}, new {new}; where that is meant (docs/public-surface.md says "
        "how a name goes), run `make docs` and say so in CHANGELOG.md"
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_documented(package):
    assert import_module(package).__doc__
    for name, value in public(package):
        assert name == "__version__" or inspect.getdoc(value), f"{package}.{name} has no docstring"
        assert getattr(value, "__module__", package).startswith("gradus"), f"{package}.{name} is not ours"


def test_the_reference_is_fresh():
    assert REFERENCE.read_text(encoding="utf-8") == reference(), "docs/library.md is stale: run `make docs`"


def test_every_package_is_named_where_the_promise_stands():
    promise = (ROOT / "docs" / "public-surface.md").read_text(encoding="utf-8")
    assert [p for p in PACKAGES if f"`{p}`" not in promise] == []


@pytest.mark.parametrize("package", [*LIBRARY, "gradus.data"])
def test_every_public_name_has_an_example(package):
    without = {
        f"{package}.{n}" for n, value in public(package) if ">>> " not in (inspect.getdoc(value) or "")
    }
    assert without == {n for n in WITHOUT_EXAMPLE if n.rpartition(".")[0] == package}


def test_what_a_page_names_as_its_implementation_is_public():
    everything = {id(value) for package in PACKAGES for _, value in public(package)}
    hidden = []
    for concept in load():
        if concept.kind == "system":  # how a recipe trains belongs to `gradus run`
            continue
        for implementation in concept.implementations:
            module, _, name = implementation.path.partition(":")
            if module.startswith(LAZY) and id(getattr(import_module(module), name)) not in everything:
                hidden.append(implementation.path)
    assert hidden == []


@pytest.mark.parametrize("package", LAZY)
def test_the_three_lists_of_a_lazy_package_agree(package):
    """What type checkers read, what is exported, and where it lies."""
    module = import_module(package)
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    call = next(n.value for n in tree.body if isinstance(n, ast.Expr) and isinstance(n.value, ast.Call))
    homes = {n: f"{package}.{home}" for home, names in ast.literal_eval(call.args[1]).items() for n in names}
    assert typed == homes
    assert set(module.__all__) == set(homes)
    assert set(module.__all__) <= set(dir(module))


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_library_imports_nothing_else():
    heavy = "{'numpy', 'scipy', 'sklearn', 'torch', 'matplotlib', 'rich'} & set(sys.modules)"
    assert python(f"import sys, {', '.join(LAZY)}; print({heavy})") == "set()"


def test_what_needs_numpy_alone_does_not_import_torch():
    code = "import sys; from gradus.foundations import grad, jvp, lms, quadrature, two_sum; print('torch' in sys.modules)"
    assert python(code) == "False"


@pytest.mark.parametrize(
    "first", ["from gradus.foundations import perceptron", "import gradus.foundations.perceptron"]
)
def test_a_name_stands_for_the_function_also_where_a_module_is_called_the_same(first):
    code = f"{first}; from gradus.foundations import perceptron, Perceptron; print(perceptron.__name__, callable(perceptron))"
    assert python(code) == "perceptron True"


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match=r"'gradus\.networks' has no attribute 'attenton'"):
        import_module("gradus.networks").attenton  # noqa: B018


def test_types_are_shipped():
    assert (ROOT / "gradus" / "py.typed").is_file()
