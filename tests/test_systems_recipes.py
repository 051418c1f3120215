"""Recipes of every kind: their scores reach the bars, the reports are whole in both languages, options are declared."""

import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.cli import main
from gradus.errors import GradusError
from gradus.page import Option, Recipe
from gradus.report import Chart, SeedResult, Series, pictures_over_seeds, table
from gradus.running import past_runs, run_system
from gradus.systems.folds import folds, out_of_fold
from gradus.systems.foundations import (
    clustering,
    hopfield,
    linear_regression,
    logistic_regression,
    naive_bayes,
    pca,
)
from gradus.systems.sentences import load as load_sentences
from gradus.text import Text

RECIPES = {
    "linear-regression": linear_regression.RECIPE,
    "logistic-regression": logistic_regression.RECIPE,
    "naive-bayes": naive_bayes.RECIPE,
    "pca": pca.RECIPE,
    "clustering": clustering.RECIPE,
    "hopfield": hopfield.RECIPE,
}  # fmt: skip
RUNS = [
    (key, data) for key, recipe in RECIPES.items() for data in recipe.data if data != "rt-polarity"
]  # fmt: skip


@pytest.fixture
def system(request):
    """A concept that carries the recipe for a while."""
    carried = load().get("linear-regression")
    before = carried.recipe

    def carry(recipe):
        carried.recipe = recipe
        return carried

    yield carry
    carried.recipe = before


@pytest.mark.parametrize(("key", "data"), RUNS)
def test_reaches_its_bar_and_reports_in_both_languages(key, data, system, tmp_path):
    seeds = [0] if key == "logistic-regression" else [0, 1, 2]
    for lang in ("en", "zh"):
        outcome = run_system(
            system(RECIPES[key]), data=data, seeds=seeds, directory=tmp_path / lang, verify=False, lang=lang
        )
        assert outcome.holds, (outcome.summary.scores, outcome.summary.bar)
        html = outcome.report.read_text(encoding="utf-8")
        assert "<script" not in html
        assert bool(re.search(r"(Table|Figure) 1\.", html)) == (lang == "en")
        for figure in re.findall(r"<svg [^>]*>", html):
            assert re.search('aria-label="[^"]{20,}"', figure)
        if lang == "zh":
            assert not re.search(r"\b(the|and|with|over|of)\b", said(html)), key


def said(html):
    """What recipe, result and model say, without the data's names and sources."""
    part = html[html.index('<section id="recipe">') : html.index('<section id="evidence">')]
    return re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>", " ", part, flags=re.DOTALL))


@pytest.mark.parametrize("key", list(RECIPES))
def test_the_score_is_of_the_seed_alone(key, monkeypatch):
    recipe, data = RECIPES[key], "digits"
    if key == "linear-regression":
        data = "diabetes"
    if key == "logistic-regression":
        data = "iris"
    from gradus.running.request import function

    train, loaded = function(recipe.train), load_sentences(data)
    first, again, other = (train(loaded, seed=s).score for s in (3, 3, 4))
    assert first == again
    assert key == "clustering" or first != other


@pytest.mark.real_data
def test_rt_polarity_reaches_its_bar(real_data, system, tmp_path):
    outcome = run_system(
        system(RECIPES["naive-bayes"]),
        data_dir=str(real_data),
        seeds=[0],
        directory=tmp_path / "r",
        verify=False,
    )
    assert outcome.summary.data.title.en == "Movie-review sentences"
    assert outcome.summary.mean >= 0.78
    assert "unfunny" in outcome.report.read_text(encoding="utf-8")


def test_sentences_that_are_not_there_leave_the_embedded_set(system, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "nothing"))
    outcome = run_system(system(RECIPES["naive-bayes"]), seeds=[0], directory=tmp_path / "r", verify=False)
    assert json.loads((outcome.directory / "config.json").read_text())["data"] == "digits"
    with pytest.raises(GradusError, match="rt-polarity: expected"):
        run_system(system(RECIPES["naive-bayes"]), data="rt-polarity", directory=tmp_path / "s", verify=False)
    folder = tmp_path / "rt-polarity"
    folder.mkdir()
    (folder / "rt-polarity.neg").write_text("bad .\n")
    with pytest.raises(GradusError, match="corrupted"):
        load_sentences("rt-polarity", tmp_path)


def test_folds_part_the_rows():
    parts = [part for _, part in folds(23, 5, 4)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(23))
    for learn, part in folds(23, 5, 4):
        assert not set(learn) & set(part) and len(learn) + len(part) == 23
    seen = out_of_fold(lambda learn, part: [10 * i + (i in learn) for i in part], 23, 5, 4)
    assert seen.tolist() == [10 * i for i in range(23)]
    with pytest.raises(GradusError, match="at least 10 rows"):
        list(folds(5, 0))


def test_linear_regression_is_scored_as_scikit_learn_does():
    from sklearn.linear_model import LinearRegression
    from sklearn.metrics import r2_score

    from gradus.data import load as load_data
    from gradus.systems.folds import all_rows

    data = load_data("diabetes")
    X, y = all_rows(data)
    predicted = np.empty_like(y)
    for learn, part in folds(len(y), 1):
        predicted[part] = LinearRegression().fit(X[learn], y[learn]).predict(X[part])
    assert linear_regression.train(data, seed=1).score == pytest.approx(r2_score(y, predicted), rel=1e-12)


# A recipe with an option, as a user would declare it; it is found by its name in this module.


def learn(data, *, seed, size, **unused):
    raise AssertionError("not called")


def measure(data, *, seed=0, size="small"):
    steps = [1, 2, 3]
    chart = Chart([Series(Text("a", "甲"), steps, [seed, 1.0, 2.0])], Text("y", "纵"), Text("c.", "说明。"))
    made = lambda: [table([Text("k", "键"), Text("v", "值")], [(size, 1.5)], Text("t", "表"))]
    return SeedResult({"small": 0.4, "large": 0.6}[size], 0.1, pictures=made, charts=[chart])


SIZES = Option(
    "size", Text("how large", "大小"), {"small": {"bars": {"iris": 0.3}}, "large": {"relation": "≤", "metric": "bits-per-character"}}
)  # fmt: skip
OWN = Recipe(
    f"{__name__}:measure", ("iris",), "accuracy", {"iris": 0.5}, {}, Text("t", "文"), options=(SIZES,)
)


def test_options_choose_bars_and_are_kept(system, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = run_system(system(OWN), seeds=[0], verify=False)
    assert small.holds and small.directory.name == "small-iris-1"
    large = run_system(system(OWN), seeds=[0, 1], options={"size": "large"}, verify=False)
    assert not large.holds and large.summary.relation == "≤" and large.summary.metric == "bits-per-character"
    assert large.summary.command == "gradus run linear-regression --size large --data iris --seeds 2"
    config = json.loads((large.directory / "config.json").read_text())
    assert config["options"] == {"size": "large"}
    again = run_system(OWN and system(OWN), directory=large.directory, resume=True, verify=False)
    assert again.summary.scores == large.summary.scores
    with pytest.raises(GradusError, match="size 'large', not 'small'"):
        run_system(
            system(OWN),
            directory=large.directory,
            options={"size": "small"},
            seeds=[0, 1],
            resume=True,
            verify=False,
        )
    rows = {row[0]: row for row in past_runs(tmp_path / "runs")}
    assert rows[str(large.directory.resolve())][5] == "≤ 0.5000"
    for wrong, said in (
        ({"size": "huge"}, "small, large, got 'huge'"),
        ({"colour": "red"}, "no option 'colour'"),
    ):
        with pytest.raises(GradusError, match=said):
            run_system(system(OWN), options=wrong, verify=False)


def test_options_on_the_command_line(system, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    system(OWN)
    with pytest.raises(SystemExit):
        main(["run", "linear-regression", "--help"])
    said = capsys.readouterr().out
    assert "--size {small,large}" in said and "how large" in said
    assert main(["run", "linear-regression", "--size", "large", "--no-verify", "--quiet"]) == 1, (
        "the bar is missed"
    )
    assert main(["run", "linear-regression", "--no-verify", "--quiet", "--lang", "zh"]) == 0
    with pytest.raises(SystemExit):
        main(["run", "linear-regression", "--size", "huge"])
    assert "small" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["run", "lenet", "--size", "large"])
    assert "--size" in capsys.readouterr().err


def test_what_a_recipe_does_not_take_is_refused(system, tmp_path):
    with pytest.raises(GradusError, match="trained without epochs"):
        run_system(system(OWN), epochs=3, directory=tmp_path / "r")
    with pytest.raises(GradusError, match="trained without device"):
        run_system(system(OWN), device="cpu", directory=tmp_path / "r")
    with pytest.raises(GradusError, match="trains on iris, not on wine"):
        run_system(system(OWN), data="wine", directory=tmp_path / "r")


def test_charts_over_seeds_are_drawn_together():
    results = [measure(None, seed=s) for s in range(3)]
    shorter = replace(results[1].charts[0], series=[Series(Text("a", "甲"), [1, 2], [1.0, 1.0])])
    results[1] = replace(results[1], charts=[shorter])
    chart, made = pictures_over_seeds(results)
    assert "mean of 3 seeds" in chart.caption.en and chart.alt.en.startswith("y over epoch: a from 1 to 1")
    assert made.kind == "table"
    alone, _ = pictures_over_seeds(results[:1])
    assert "seeds" not in alone.caption.en


def test_tables_show_what_they_are_given():
    made = table(
        [Text("name", "名称"), Text("$R^2$", "$R^2$"), Text("note", "说明")],
        [("<b>", 0.123456, None), (Text("mean", "均值"), 2, "5.0%")],
        Text("c", "说"),
    )
    html = made.markup("zh")
    assert "&lt;b&gt;" in html and "均值" in html and "0.1235" in html and "<math" in html
    assert (
        html.count('class="n"') == 2 + 1 + 2
    )  # the heads of the two columns of numbers, and their filled cells
    with pytest.raises(GradusError, match="a cell for each of 3 columns"):
        table([Text("a", "甲")] * 3, [(1, 2)], Text("c", "说"))


def test_a_report_tells_the_recipe_that_was_chosen():
    from gradus.report.page import _recipe

    system = load().get("from-scratch")
    told = {
        m: _recipe(system, SimpleNamespace(settings={"model": m})) for m in ("mlp", "lstm", "transformer")
    }
    assert len(set(told.values())) == 3 and "LSTM" in told["lstm"].en
