"""Every recipe: it is whole in both languages, its scores reach the targets, its reports say all of it."""

import json
import re
from itertools import product

import pytest

from gradus.catalogue import load
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.report.words import METRICS, SETTINGS
from gradus.running import run_system
from gradus.systems import SeedRequest, keys, recipe_of
from gradus.text import Text

RECIPES = {key: recipe_of(area, key) for key, area in keys().items()}
CLASSICAL = [
    "linear-regression", "logistic-regression", "naive-bayes", "pca", "clustering", "hopfield"
]  # fmt: skip
RUNS = [(key, data) for key in CLASSICAL for data in RECIPES[key].data if data != "rt-polarity"]


def variants(recipe):
    """The recipe after every choice of its options."""
    names = [option.name for option in recipe.options]
    for choices in product(*[option.choices for option in recipe.options]):
        yield recipe.with_choices(dict(zip(names, choices, strict=True)))


@pytest.mark.parametrize("key", list(RECIPES))
def test_a_recipe_is_whole(key):
    for number, recipe in enumerate(variants(RECIPES[key])):
        # a choice other than the first may leave the recipe without a target
        assert recipe.data and set(recipe.targets) == set(recipe.data if recipe.targets or not number else ())
        assert recipe.metric in METRICS, "the score has no name in the report"
        for data in recipe.data:
            assert recipe.settings_for(data)
            assert set(recipe.settings_for(data)) <= set(SETTINGS), "a setting has no name in the report"
        for text in (recipe.text, *(option.meaning for option in recipe.options)):
            assert isinstance(text, Text) and text.en.strip()
            assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)


def test_a_recipe_heeds_its_epochs_exactly_where_it_says_so():
    for recipe in RECIPES.values():
        shown = any("epochs" in v.settings_for(data) for v in variants(recipe) for data in v.data)
        assert shown == ("epochs" in recipe.honours)


@pytest.mark.parametrize(("key", "data"), RUNS)
def test_reaches_its_target_and_reports_in_both_languages(key, data, tmp_path):
    seeds = [0] if key == "logistic-regression" else [0, 1, 2]
    for lang in ("en", "zh"):
        outcome = run_system(
            load().get(key), data=data, seeds=seeds, directory=tmp_path / lang, verify=False, lang=lang
        )
        assert outcome.holds, (outcome.summary.scores, outcome.summary.target)
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


@pytest.mark.parametrize("key", CLASSICAL)
def test_the_score_is_of_the_seed_alone(key):
    name = {"linear-regression": "diabetes", "logistic-regression": "iris"}.get(key, "digits")
    recipe, data = RECIPES[key], load_any(name)
    scores = [recipe.train(data, SeedRequest(s, recipe.targets[name])).score for s in (3, 3, 4)]
    assert scores[0] == scores[1]
    assert key == "clustering" or scores[0] != scores[2]


@pytest.mark.slow
@pytest.mark.real_data
def test_rt_polarity_reaches_its_target(real_data, tmp_path):
    outcome = run_system(
        load().get("naive-bayes"), data_dir=str(real_data), seeds=[0], directory=tmp_path / "r", verify=False
    )
    assert outcome.summary.data.title.en == "Movie-review sentences"
    assert outcome.summary.mean >= 0.78
    assert "unfunny" in outcome.report.read_text(encoding="utf-8")


def test_sentences_that_are_not_there_leave_the_embedded_set(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "nothing"))
    system = load().get("naive-bayes")
    outcome = run_system(system, seeds=[0], directory=tmp_path / "r", verify=False)
    assert json.loads((outcome.directory / "config.json").read_text())["data"] == "digits"
    with pytest.raises(GradusError, match="rt-polarity: expected"):
        run_system(system, data="rt-polarity", directory=tmp_path / "s", verify=False)


def test_a_report_tells_the_recipe_that_was_chosen(tmp_path):
    system, told = load().get("from-scratch"), set()
    for model in ("mlp", "lenet", "lstm"):
        outcome = run_system(
            system,
            options={"model": model},
            seeds=[0],
            epochs=1,
            directory=tmp_path / model,
            verify=False,
            progress="silent",
        )
        html = outcome.report.read_text(encoding="utf-8")
        section = html[html.index('<section id="recipe">') : html.index('<section id="result">')]
        told.add(re.search(r"<p>(.*?)</p>", section)[1])
    assert len(told) == 3 and any("LSTM" in words for words in told)
