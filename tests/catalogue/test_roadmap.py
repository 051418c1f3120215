"""The roadmap: order, paths, search, suggestions, and what importing all pages costs."""

import difflib
import subprocess
import sys
from dataclasses import replace

import pytest

from gradus.catalogue import Catalogue, entries, load, order
from gradus.catalogue.search import SIMILAR, fold, similarity
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


def test_aliases_find_a_concept():
    catalogue = Catalogue(
        {
            **entries().concepts,
            "adam": entries().get("adam")._replace(aliases=("adaptive moments", "自适应矩")),
        }
    )
    for words in ("adaptive moments", "adaptve momnts", "自适应矩"):
        assert catalogue.search(words)[0].key == "adam"


def test_entries_and_concepts_are_searched_and_walked_alike():
    for words in ("attenton", "交叉熵", "gradeint desent", "variance of a sum"):
        assert [c.key for c in entries().search(words)] == [c.key for c in load().search(words)]
    for key in load().concepts:
        assert [c.key for c in entries().path(key)] == [c.key for c in load().path(key)]
        assert [c.key for c in entries().dependents(key)] == [c.key for c in load().dependents(key)]


def test_similarity_leaves_out_only_what_is_not_similar():
    names = [word for entry in entries() for word in fold(entry.title.en).split()]
    for word in ("attenton", "gradeint", "softmx", "kulback", "e"):
        for other in names:
            ratio = difflib.SequenceMatcher(None, word, other).ratio()
            assert ratio < SIMILAR or similarity(word, other) == ratio


def test_folding_sets_languages_and_punctuation_apart():
    assert fold("ＲｅＬＵ, the-Rectifier: 整流函数x") == "relu the rectifier 整流函数 x"
    assert fold("a_b² — !") == "a b2"


def test_importing_the_pages_loads_no_heavy_module():
    code = (
        "import sys; import gradus; from gradus.catalogue import load; load(); import gradus.cli.main, gradus.cli.read\n"
        "heavy = {'torch', 'matplotlib', 'scipy', 'sklearn', 'hypothesis', 'jax', 'pooch'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
