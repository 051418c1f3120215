"""The system of the Bayesian network: its cuts, its judgement, its drawing; a small table repeats itself and is reported in both languages."""

import re
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from gradus.cli import main
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.running import run_system, system_of
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.inference import bayesian_network
from gradus.systems.inference.bayesian_network import drawing, layered, learning

RECIPE = recipe_of("inference", "bayesian-network")


@cache
def wine(seed):
    return RECIPE.train(load_any("wine"), SeedRequest(seed, None))


def test_the_numbers_are_of_the_seed_alone_and_are_told():
    first, other = wine(3), wine(4)
    assert first.measured == RECIPE.train(load_any("wine"), SeedRequest(3, None)).measured
    assert first.score != other.score and min(first.score, other.score) > RECIPE.targets["wine"]
    found = RECIPE.findings([first.measured, other.measured])
    assert len(found) == 4 and len(RECIPE.findings([first.measured])) == 3
    for text in found:
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)
        assert sorted(re.findall(r"\d+\.\d+", text.en)) == sorted(re.findall(r"\d+\.\d+", text.zh))
    assert f"{np.mean([first.score, other.score]):.2f} nats more" in found[0].en


@pytest.mark.parametrize(
    ("beside", "en", "zh"),
    [([1.0, 0.1], "better than a tree", "优于树"), ([-1.0, 0.1], "worse than a tree", "不如树"), ([1.0, 0.9], "no clear gain", "没有明显")],
)  # fmt: skip
def test_the_verdict_on_the_tree_is_of_what_was_measured(beside, en, zh):
    said = RECIPE.findings([wine(3).measured | {"beside_tree": beside}])[0]
    assert en in said.en and zh in said.zh


@pytest.mark.parametrize(
    ("right", "surprise", "word"),
    [(0.99, 0.01, "more often and with better"), (0.1, 9.0, "at least as good in both"), (0.99, 9.0, "neither is better")],
)  # fmt: skip
def test_the_verdict_on_naive_bayes_is_of_what_was_measured(right, surprise, word):
    m = wine(3).measured
    marks = m["marks"] | {"learned": m["marks"]["learned"] | {"right": right, "surprise": surprise}}
    assert word in RECIPE.findings([m | {"marks": marks}])[1].en


def test_the_report_is_chinese_where_it_is_asked_to_be_and_has_pictures_for_a_phone(tmp_path, monkeypatch):
    monkeypatch.setattr(bayesian_network.shown, "PANELS", 2)
    main(["run", "bayesian-network", "--data", "wine", "--seed", "3", "--no-verify", "--lang", "zh", "--directory", str(tmp_path / "r")])  # fmt: skip
    html = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    part = html[html.index('<section id="recipe">') : html.index('<section id="evidence">')]
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>|<code>.*?</code>", " ", part, flags=re.DOTALL))
    assert not re.search(r"\b(the|and|with|over|of)\b", words) and "判定" in words
    assert part.count('<div class="narrow">') == part.count('<div class="broad">') == 3
    for svg in re.findall(r"<svg [^>]*>", part):
        assert re.search('aria-label="[^"]{20,}"', svg)


@pytest.mark.slow
@pytest.mark.parametrize("data", ["breast-cancer", "wine"])
def test_reaches_its_target(data, tmp_path):
    outcome = run_system(system_of("bayesian-network"), data=data, directory=tmp_path / "r", verify=False, progress="silent")  # fmt: skip
    assert outcome.holds, (outcome.summary.scores, outcome.summary.target)


def test_a_network_that_gains_nothing_is_said_to_be_so():
    m = wine(3).measured
    marks = m["marks"] | {
        "learned": m["marks"]["learned"] | {"likelihood": m["marks"]["independent"]["likelihood"] - 1}
    }
    said = RECIPE.findings([m | {"marks": marks}])[0]
    assert (
        "1.00 nats less than with independent" in said.en
        and "少 1.00 奈特" in said.zh
        and "of that gain" not in said.en
    )


class TestCases:
    def test_columns_are_cut_in_three_parts_of_the_rows_to_learn_from(self):
        cuts = learning.cuts_of(np.arange(300.0), 3)
        assert np.bincount(np.searchsorted(cuts, np.arange(300.0))).tolist() == [100, 100, 100]
        assert np.searchsorted(cuts, [-1e9, 1e9]).tolist() == [0, 2]

    @pytest.mark.parametrize(
        ("column", "counts"),
        [([1] * 90 + [2] * 10, [90, 10]), ([5] * 10 + [6] * 80 + [9] * 10, [10, 80, 10]), ([7] * 9, [9]), ([*range(10), *[10] * 90], [10, 90])],
    )  # fmt: skip
    def test_columns_of_few_values_keep_them(self, column, counts):
        cuts = learning.cuts_of(np.array(column, float), 3)
        assert np.bincount(np.searchsorted(cuts, column)).tolist() == counts

    def test_the_class_is_a_variable_and_too_many_columns_are_refused(self):
        data = load_any("wine")
        X, y = data.train_inputs, data.train_targets
        cases = learning.cases_of(X, y, np.arange(100), data)
        assert cases.target == "class" and cases.listed(np.array([7]))[0]["class"] == data.classes[y[7]]
        assert "class" not in cases.listed(np.array([7]), ["class"])[0]
        named = type(data)(**{**vars(data), "features": ("class", *data.features[1:])})
        assert learning.cases_of(X, y, np.arange(100), named).target == "class_"
        with pytest.raises(GradusError, match="at most 79 columns"):
            learning.cases_of(np.zeros((5, 80)), y[:5], np.arange(5), data)

    def test_independent_variables_are_judged_by_the_product_of_their_shares(self):
        states = {"a": ("low", "high"), "class": ("u", "v")}
        codes = np.array([[0, 0], [0, 0], [1, 1], [0, 1], [1, 0]])
        cases, learn, held = learning.Cases(states, codes), np.arange(4), np.array([4])
        networks = learning.networks(cases, learn)
        size = learning.SETTINGS["equivalent_size"]
        share = {"a": (1 + size / 2) / (4 + size), "class": (2 + size / 2) / (4 + size)}
        marks = learning.judged(networks["independent"], cases, held)
        assert marks["each"] == pytest.approx([np.log(share["a"] * share["class"])])
        assert marks["surprise"] == pytest.approx(-np.log(0.5)) and marks["numbers"] == 2
        naive = learning.judged(networks["naive"], cases, held)
        # a = high: one case of v's two, none of u's two; so many cases of the prior in each entry
        u, v = size / 4 / (2 + size / 2), (1 + size / 4) / (2 + size / 2)
        assert naive["surprise"] == pytest.approx(-np.log(u / (u + v))) and naive["numbers"] == 3
        assert naive["right"] == 0

    def test_paired_differences_and_their_error(self):
        assert bayesian_network.paired(np.array([1.0, 3.0])) == pytest.approx([2, 1])


def graph_of(n, seed, share):
    rng = np.random.default_rng(seed)
    order = rng.permutation(n)
    return {f"v{v}": [f"v{order[j]}" for j in range(i) if rng.random() < share] for i, v in enumerate(order)}


class TestDrawing:
    @pytest.mark.parametrize(("n", "share", "most"), [(1, 0.0, 4), (9, 0.0, 4), (12, 0.4, 3), (80, 0.03, 8)])
    def test_arrows_lead_downwards_and_nothing_overlaps(self, n, share, most):
        parents = graph_of(n, 0, share)
        found = layered.layered(parents, most)
        assert set(found.at) == set(parents)
        rows = [[place for place in found.at.values() if place[1] == r] for r in range(found.rows)]
        assert all(0 < len(row) <= most for row in rows)
        passing = [place for route in found.routes.values() for place in route[1:-1]]
        for (x, r), (z, s) in combinations(found.at.values(), 2):
            assert r != s or abs(x - z) > 1 - 1e-9
        for x, r in found.at.values():
            assert 0.5 - 1e-9 <= x <= found.width - 0.5 + 1e-9
            assert all(abs(x - z) > 0.5 + layered.GAP / 2 - 1e-9 for z, s in passing if s == r)
        assert set(found.routes) == {(p, v) for v, above in parents.items() for p in above}
        for (a, b), route in found.routes.items():
            assert route[0] == found.at[a] and route[-1] == found.at[b]
            assert [r for _, r in route] == list(range(found.at[a][1], found.at[b][1] + 1))

    def test_two_trees_are_drawn_without_a_crossing(self):
        parents = {"b1": ["b"], "a1": ["a"], "b": [], "a2": ["a"], "a": [], "b2": ["b"]}
        found = layered.layered(parents, 8)
        row = sorted((v for v in parents if len(v) == 2), key=lambda v: found.at[v][0])
        top = sorted("ab", key=lambda v: found.at[v][0])
        assert [v[0] for v in row] == [top[0], top[0], top[1], top[1]] and found.rows == 2
        assert layered.crossings([["a", "b"], ["c", "d"]], {"a": ["d"], "b": ["c"]}) == 1
        assert layered.crossings([["a", "b"], ["c", "d"]], {"a": ["c", "d"], "b": ["d"]}) == 0

    def test_pooling_gives_the_nearest_rising_values(self):
        assert layered.rising(np.array([3.0, 1, 2, 5]), np.ones(4)) == pytest.approx([2, 2, 2, 5])
        assert layered.rising(np.array([3.0, 1]), np.array([3.0, 1])) == pytest.approx([2.5, 2.5])

    def test_open_directions_are_dashed_without_a_head(self):
        figure = drawing.drawn({"a": [], "b": ["a"], "c": ["b"]}, lines=[("b", "a")])
        arrows = [p for p in figure.axes[0].patches if hasattr(p, "get_arrowstyle")]
        assert sorted((p.get_linestyle() == "-", type(p.get_arrowstyle()).__name__) for p in arrows) == [(False, "Curve"), (True, "CurveFilledB")]  # fmt: skip

    @pytest.mark.parametrize("narrow", [False, True])
    def test_names_fit_into_their_boxes_and_keep_their_letters(self, narrow):
        names = ["worst fractal dimension", "od280/od315 of diluted wines", "INSUFFANESTHESIA", "petal_length_(cm)", "x", "最差凹点"]  # fmt: skip
        width = drawing.WIDTHS[narrow] / drawing.MOST[narrow] * drawing.BOX - 0.08
        size, shown = drawing.fitted_names(names, width)
        assert drawing.SMALLEST <= size <= drawing.LARGEST
        for name, text in shown.items():
            lines = text.split("\n")
            assert len(lines) <= drawing.LINES and "".join(lines).replace(" ", "") == name.replace(" ", "")
            assert max(map(drawing.em, lines)) <= width * 72 / size
        assert drawing.fitted_names(["x" * 200], 0.5)[1]["x" * 200].endswith("…")
