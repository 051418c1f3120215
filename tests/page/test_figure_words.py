"""The words of figures and formulas in both languages, and how a figure's text is set."""

import re
from pathlib import Path

import numpy as np
import pytest

from gradus.page import Concept
from gradus.page.companion import digest
from gradus.page.figure_words import (
    PROPER,
    foreign_words,
    name_of,
    put_chinese,
    rendering,
    same_numbers,
    set_numbers,
    texts,
)
from gradus.page.figures import ON_LIGHT, PHONE, Drawing, Slider, canvas, canvas_width, states, svg
from gradus.page.formula_words import english_texts, in_chinese
from gradus.page.translation import figure_faults
from gradus.report.svg import inline_svg
from gradus.text import Text

CHINESE = {
    "step # of #": "#2 步中的第 #1 步",
    "loss": "损失",
    "low": "低",
    "right": "正确",
    "$x^#$ grows": "$x^#$ 增长",
}


def drawn():
    figure, ax = canvas()
    ax.plot([0, 1], [1e-3, 1], label="right")
    ax.set(title="step 3 of\n-2.5e+03", ylabel="loss", xlabel="$x^2$ grows")
    ax.set_xticks([0, 1], ["low", "ReLU"])
    ax.legend()
    return figure


def test_a_text_is_named_by_its_english_without_numbers():
    assert name_of("step 3 of\n20") == "step # of #"
    assert name_of("−0.5, 61\u202f706, 4.4×10⁸, 10⁻⁶, ∞ and 95%") == "#, #, #, #, # and #%"
    assert name_of("float32, x_1, T2 and $x^{2}$") == "float32, x_1, T2 and $x^{#}$"


def test_words_and_names_are_told_apart():
    assert foreign_words("ReLU, x and $\\max$ of sin x") == ["and", "of"]
    assert foreign_words("$\\text{for convex }f$") == ["for", "convex"], "words in a formula are words"
    assert foreign_words("$\\|x\\|_2$, f(x), float8_e5m2 ± 2σ") == []
    print(sorted(PROPER))  # the names that stand in Latin letters in Chinese


def test_every_text_of_a_figure_is_put_in_chinese():
    figure = drawn()
    assert set(texts(figure)) == {"step 3 of\n-2.5e+03", "loss", "$x^2$ grows", "low", "ReLU", "right"}
    put_chinese(figure, CHINESE)
    assert "损失" in set(texts(figure)) and "低" in set(texts(figure)) and "ReLU" in set(texts(figure))
    assert "$x^2$ 增长" in set(texts(figure)) and "正确" in set(texts(figure))
    markup = svg(figure)
    assert "低" in markup and "low" not in markup and "损失" in markup


def test_numbers_are_filled_in_whatever_their_order():
    assert rendering("step 3 of 20", CHINESE) == "20 步中的第 3 步"
    assert rendering("step 3 of", CHINESE) == "step 3 of", "without an entry the English stands"
    assert same_numbers("step # of #", "第 # 步，共 # 步") and same_numbers(
        "step # of #", "#2 步中的第 #1 步"
    )
    assert not same_numbers("step # of #", "第 # 步") and not same_numbers("step # of #", "#1 步中的第 #1 步")


def test_a_concept_draws_in_either_language():
    concept = Concept("k", "layer", "K", "", (), (), (), "", 2000, ())
    concept.figure(n=Slider(1, 3, 2, "n", integer=True))(lambda n: Drawing(drawn(), Text("-1e-3", "-1e-3")))
    concept.figure_words = {"step # of #": "第 # 步，共 # 步"}
    assert concept.draw().figure.axes[0].get_title() == "step 3 of\n−2.5×10³"
    assert concept.draw("zh", n=3).figure.axes[0].get_title() == "第 3 步，共 −2.5×10³ 步"
    assert concept.draw("zh").text.zh == "−10⁻³"
    assert states(concept.sliders) == [{}, {"n": 1.0}, {"n": 2.0}, {"n": 3.0}]
    assert states({"x": Slider(0, 1, 0.5, "x")}) == [{}, {"x": 0.0}, {"x": 1.0}]


def test_missing_stale_and_superfluous_entries_are_named(tmp_path, monkeypatch):
    page = tmp_path / "k.py"
    page.write_text("")
    module = type("module", (), {"__file__": str(page)})
    monkeypatch.setitem(__import__("sys").modules, "made.k", module)
    concept = Concept("k", "layer", "K", "", (), (), (), "", 2000, ())
    concept.module = "made.k"
    Path(tmp_path / "k.zh.md").write_text(
        f"# k\n\n- figure loss `000000`: 损失\n- figure gone `000000`: 无\n- figure step # of # `{digest('step # of #')}`: 步\n",
        encoding="utf-8",
    )
    figure = drawn()
    set_numbers(figure)
    lines = figure_faults(concept, [figure])
    assert sum(": missing;" in line for line in lines) == 3
    assert (
        sum(": stale;" in line for line in lines) == 1 and sum("no such text" in line for line in lines) == 1
    )
    assert sum("has not the numbers" in line for line in lines) == 1


def test_words_in_formulas_are_put_in_chinese():
    latex = r"f\ge0\quad\text{for convex }f,\ \mathrm{TP}_{\text{mean: }}"
    assert english_texts([latex, latex]) == ["for convex", "mean:"]
    chinese = {"for convex": "对凸函数", "mean:": "均值："}
    assert in_chinese(latex, chinese) == r"f\ge0\quad\text{对凸函数 }f,\ \mathrm{TP}_{\text{均值：}}"


def test_words_stand_together_and_as_wide_as_the_pages_font():
    figure, ax = canvas()
    ax.set_title("mean of 8 nets, 几何平均 $x_l^2$")
    (run,) = re.findall(r"<text[^>]*>(<tspan.*?</text>)", svg(figure), re.DOTALL)
    pieces = re.findall(r">([^<]+)</tspan>", run)
    assert pieces[0].replace("\xa0", " ").strip() == "mean of 8 nets, 几何平均" and "x" in pieces
    left, right = (float(x) for x in re.findall(r'<tspan x="([\d.]+)"', run)[:2])
    assert np.isclose(right - left, 137, atol=12), (
        "the Chinese is an em wide, the English as wide as STIX Two"
    )


@pytest.mark.parametrize("colour", ["#333333", "0.4", "#BBBBBB"])
def test_greys_follow_the_theme(colour):
    figure, ax = canvas()
    ax.plot([0, 1], color=colour)
    page = inline_svg(svg(figure), "f", "alt")
    assert "color-mix(in srgb,currentColor" in page
    assert not re.search(r"stroke: #([0-9a-f]{2})\1\1", page)


def test_white_is_the_paper_but_not_in_words_over_pictures():
    figure, ax = canvas()
    ax.bar([0], [1], edgecolor="white")
    ax.text(0, 1, "a", color=ON_LIGHT)
    page = inline_svg(svg(figure), "f", "alt")
    assert "stroke: var(--paper,#ffffff)" in page and f"fill: {ON_LIGHT}" in page


def test_panels_stand_below_each_other_on_a_phone():
    with canvas_width(narrow=True):
        shapes = [canvas(columns=n, width=8, height=3)[1] for n in (2, 3, 4)]
        single, _ = canvas(width=6.4)
    for axes in shapes:
        assert axes.ndim == 1 and axes[0].figure.get_figwidth() == PHONE
    assert [ax.get_subplotspec().colspan.start for ax in shapes[1]] == [0, 0, 0]
    assert [ax.get_subplotspec().colspan.start for ax in shapes[2]] == [0, 1, 0, 1]
    assert single.get_figwidth() < 5 < canvas(width=6.4)[0].get_figwidth()
