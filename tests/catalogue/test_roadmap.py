"""The roadmap: order, paths, suggestions, and what importing all pages costs."""

import subprocess
import sys
from dataclasses import replace

import pytest

from gradus.catalogue import entries, load, order
from gradus.errors import GradusError


def test_each_concept_comes_after_what_it_needs():
    seen = set()
    for concept in load():
        assert set(concept.needs) <= seen, concept.key
        seen.add(concept.key)


def test_cycle_and_unknown_key_are_named():
    concepts = dict(load().concepts)
    a, b = concepts["derivative"], concepts["chain-rule"]
    assert "derivative" in b.needs
    with pytest.raises(GradusError, match="cycle"):
        order({**concepts, "derivative": replace(a, needs=("chain-rule",))})
    with pytest.raises(GradusError, match="no-such-thing"):
        order({**concepts, "derivative": replace(a, needs=("no-such-thing",))})


def test_path_ends_at_the_goal_and_leaves_out_what_is_known():
    path = [c.key for c in load().path("attention")]
    assert path[-1] == "attention"
    assert "softmax" in path
    assert path.index("softmax") < path.index("attention")
    shorter = [c.key for c in load().path("attention", ["softmax"])]
    assert "softmax" not in shorter
    assert len(shorter) < len(path)


def test_mistyped_key_suggests_the_nearest():
    with pytest.raises(GradusError, match="attention"):
        load().get("atention")
    with pytest.raises(GradusError, match="areas"):
        load().area("nothing")


def test_entries_and_concepts_are_walked_alike():
    for key in load().concepts:
        assert [c.key for c in entries().path(key)] == [c.key for c in load().path(key)]
        assert [c.key for c in entries().dependents(key)] == [c.key for c in load().dependents(key)]


def test_importing_the_pages_loads_no_heavy_module():
    code = (
        "import sys; import gradus; from gradus.catalogue import load; load(); import gradus.cli.main, gradus.cli.read\n"
        "heavy = {'torch', 'matplotlib', 'scipy', 'sklearn', 'hypothesis', 'jax', 'pooch'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
