"""What a command imports is what it needs: the budget counts modules, not seconds."""

import os
import subprocess
import sys

import pytest

from gradus.catalogue.page_files import module_of, page_files, unit_of_module

HEAVY = {"torch", "matplotlib", "scipy", "sklearn", "hypothesis", "jax", "pooch", "jinja2", "numpy", "rich"}
PAGES = {module_of(name) for name in page_files() if name.endswith(".py")}


def imports(*argv, folder):
    """The modules that one command has imported."""
    code = (
        "import sys\nfrom gradus.cli import main\n"
        "try:\n    assert main(sys.argv[1:]) == 0\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *argv],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "GRADUS_DATA": str(folder)},
    )
    modules = set(done.stderr.split())
    assert "gradus.cli.main" in modules, done.stderr
    return modules


@pytest.mark.parametrize(
    "argv",
    [
        ["map"], ["map", "networks", "--lang", "zh"], ["map", "--timeline"], ["map", "--errata"], ["search", "attenton"], ["search", "交叉熵"],
        ["path", "attention"], ["path", "--route", "engineer"], ["--help"], ["map", "--help"], ["run", "--help"],
    ],
)  # fmt: skip
def test_lists_and_paths_import_no_page_and_no_numpy(argv, tmp_path):
    modules = imports(*argv, folder=tmp_path)
    assert modules & HEAVY == set()
    assert modules & PAGES == set()


def test_the_map_of_what_was_measured_imports_no_page_and_no_numpy(tmp_path):
    imports("verify", "norm", folder=tmp_path)
    modules = imports("map", "--lang", "zh", folder=tmp_path)
    assert modules & (HEAVY | PAGES) == set()


@pytest.mark.parametrize(
    ("argv", "key", "allowed"),
    [
        (["show", "attention"], "networks/attention", {"numpy"}),
        (["show", "sigmoid"], "networks/activations", {"numpy"}),
        (["verify", "norm", "--help"], None, set()),
        (["practice", "softmax", "--output", "{folder}/softmax.py"], "networks/activations", {"numpy"}),
        (["explain", "entropy"], "foundations/entropy", HEAVY - {"matplotlib", "jax", "sklearn"}),
        (["verify", "entropy"], "foundations/entropy", HEAVY - {"matplotlib", "jax", "sklearn"}),
    ],
)  # fmt: skip
def test_one_concept_imports_its_page_alone(argv, key, allowed, tmp_path):
    modules = imports(*[word.format(folder=tmp_path) for word in argv], folder=tmp_path)
    assert {unit_of_module(m) for m in modules & PAGES} == ({key} if key else set())
    assert modules & HEAVY <= allowed
