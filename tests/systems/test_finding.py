"""Recipes are found by area and key, in the folders; listing them imports nothing heavy, and every system has one."""

import subprocess
import sys

import pytest

from gradus.catalogue import load
from gradus.errors import GradusError
from gradus.systems import Recipe, finding, keys, recipe_of


def test_every_key_is_a_concept_of_its_area_or_names_the_pages_that_teach_it():
    concepts = load().concepts
    assert len(keys()) >= 8
    for key, area in keys().items():
        recipe = recipe_of(area, key)
        assert isinstance(recipe, Recipe)
        if recipe.about is None:
            assert concepts[key].area == area
        else:
            assert (recipe.about.key, recipe.about.area) == (key, area)
            assert recipe.about.pages and set(recipe.about.pages) <= set(concepts)


def test_every_system_has_a_recipe():
    assert [c.key for c in load() if c.kind == "system" and keys().get(c.key) != c.area] == []


def test_files_and_packages_are_systems_and_nothing_else_is(tmp_path, monkeypatch):
    for file in (
        "folds.py", "vision/__init__.py", "vision/le_net.py", "vision/notes.txt", "vision/data/x.csv",
        "language/__init__.py", "language/small_gpt/__init__.py", "language/small_gpt/recipe.py", "other/alone.py",
    ):  # fmt: skip
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.setattr(finding, "SYSTEMS", tmp_path)
    assert keys() == {"small-gpt": "language", "le-net": "vision"}


@pytest.mark.parametrize(("area", "key"), [("networks", "softmax"), ("foundations", "lenet")])
def test_a_concept_without_a_recipe_is_named_with_those_that_have_one(area, key):
    with pytest.raises(GradusError, match=rf"{key} has no recipe; `gradus run` trains .*pca.*lenet"):
        recipe_of(area, key)


def loaded(code):
    """The names of this list that a program has imported."""
    names = ["numpy", "torch", "matplotlib", "sklearn", "gradus.page", "gradus.concepts.vision.lenet"]
    end = f"\nimport sys; print([m for m in {names} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + end], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1]


def test_listing_imports_nothing_heavy():
    assert loaded("from gradus.systems import keys; assert 'lenet' in keys()") == "[]"
    helps = "from gradus.cli import main\ntry: main(['run', '--help'])\nexcept SystemExit: pass"
    assert loaded(helps) == "[]"


def test_a_recipe_imports_neither_torch_nor_pages():
    code = "from gradus.systems import keys, recipe_of\nfor key, area in keys().items(): recipe_of(area, key)"
    assert loaded(code) == "['numpy']"
