"""The catalogue: order, paths, search, suggestions, and what importing it costs."""

import itertools
import subprocess
import sys
from dataclasses import replace

import pytest

from gradus.catalogue import citation, load, order, references
from gradus.catalogue.routes import PERIODS, ROUTES, route, timeline, walk
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


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("attention", "attention"), ("attenton", "attention"), ("注意力", "attention"), ("缩放点积注意力", "attention"),
        ("gradient descent", "gradient-descent"), ("gradeint desent", "gradient-descent"), ("梯度下降", "gradient-descent"),
        ("交叉熵", "cross-entropy"), ("信息熵", "entropy"), ("kullback", "kl"), ("softmx", "softmax"), ("ADAM", "adam"),
        ("反向传播", "reverse-mode"), ("范数", "norm"), ("ＲｅＬＵ", "relu"), ("lenet", "lenet"), ("最大似然", "mle"),
    ],
)  # fmt: skip
def test_search_finds(words, key):
    assert key in [c.key for c in load().search(words)[:3]], [c.key for c in load().search(words)]


def test_search_of_nothing_finds_nothing():
    assert load().search("") == []
    assert load().search("!!!") == []
    assert load().search("qqqqzzzz") == []


def test_mistyped_key_suggests_the_nearest():
    with pytest.raises(GradusError, match="attention"):
        load().get("atention")
    with pytest.raises(GradusError, match="areas"):
        load().area("nothing")


def test_citations_are_whole():
    for key in references():
        assert str(references()[key]["year"]) in citation(key)
    with pytest.raises(GradusError, match="nobody1900"):
        citation("nobody1900")


def test_routes_name_concepts_that_exist():
    for name in ROUTES:
        for stage, concepts in walk(route(name)):
            assert set(stage.keys) <= set(load().concepts)
            assert concepts or all(k for k in stage.keys)
    with pytest.raises(GradusError, match="engineer"):
        route("enginer")


def test_a_route_meets_each_concept_once_and_in_order():
    for name in ROUTES:
        met = [c.key for _, concepts in walk(route(name)) for c in concepts]
        assert len(met) == len(set(met))
        for i, key in enumerate(met):
            assert set(load().get(key).needs) <= set(met[:i])


def test_timeline_holds_every_concept_in_its_period():
    assert sum(len(found) for _, found in timeline()) == len(load())
    spans = [(a, b) for a, b, _ in PERIODS]
    assert all(b + 1 == c for (_, b), (c, _) in itertools.pairwise(spans))
    assert all(any(a <= c.year <= b for a, b in spans) for c in load())


def test_importing_the_pages_loads_no_heavy_module():
    code = (
        "import sys; import gradus; from gradus.catalogue import load; load(); import gradus.cli.main, gradus.cli.read\n"
        "heavy = {'torch', 'matplotlib', 'scipy', 'sklearn', 'hypothesis', 'jax', 'pooch'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
