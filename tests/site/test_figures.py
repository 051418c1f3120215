"""The frames of figures: where sliders stand, both languages from one drawing, and nothing worked out twice."""

import re

import pytest

from gradus.catalogue import concept, load
from gradus.page import Concept
from gradus.page.figure_words import put_chinese
from gradus.page.figures import Drawing, Slider, canvas, layout, states, svg
from gradus.report.fewer_digits import fewer_digits
from gradus.report.svg import inline_svg
from gradus.site.figures import Figure, drawings, positions, tracks
from gradus.text import Text

CHINESE = {
    "low": "低", "far away": "远处", "step # of #": "第 # 步，共 # 步", "loss": "损失", "dots": "点", "here": "这里", "sum": "和", "of all": "总计",
}  # fmt: skip


def drawn(n):
    """A figure with all that words stand in: title, labels, named ticks, annotation, legend, table, and marks that they share."""
    figure, (left, right) = canvas(2)
    left.set_title(f"step {n} of 5")
    left.set_ylabel("loss")
    left.set_xticks([0, 1], ["low", "far away"])
    left.set_xlabel("sum")
    left.set_yscale("log")  # its ticks are of two kinds
    left.set_ylim(0.01, 100)
    left.annotate("here", (0.5, 0.5), (0.2, 0.8), arrowprops={"arrowstyle": "->"}, bbox={"boxstyle": "round"})
    right.plot([0, 1, 2], [0, n, 4], "s", label="dots", zorder=9)  # the legend is the first to use the mark
    right.legend(title="of all")
    right.table([["sum", "1"], ["2", "of all"]])
    right.text(0.5, 0.5, "ReLU")
    return Drawing(figure, Text(f"at {n}", f"在 {n}"))


@pytest.fixture
def page():
    made = Concept("k", "layer", "K", "", (), (), (), "", 2000, ())
    made.figure(n=Slider(1, 3, 2, "n", integer=True))(drawn)
    made.figure_words = CHINESE
    return made


def without_names(markup):
    """A drawing without its names, and apart from it the shapes that it defines."""
    bare = re.sub(r' id="[^"]*"', "", markup)
    return re.sub(r"<defs>.*?</defs>\n", "", bare, flags=re.DOTALL), set(re.findall(r"<path d=[^/]*/>", bare))


def test_the_positions_of_a_slider_hold_its_ends_and_its_start():
    for slider in (
        Slider(0, 1, 0.5, "x"), Slider(0.05, 20, 1.0, "x", log=True), Slider(1, 256, 64, "x", log=True, integer=True),
        Slider(0, 3, 1, "x", integer=True), Slider(0, 1, 0, "x"), Slider(-3, 3, 2.9, "x"), Slider(0, 1, 0.01, "x"),
    ):  # fmt: skip
        values = positions(slider)
        assert list(values) == sorted(set(values)) and 2 <= len(values) <= 9
        assert all(any(v == pytest.approx(w) for w in values) for v in (slider.low, slider.high))
        assert slider.start in values


def test_a_slider_over_a_list_stands_at_its_values_and_shows_them():
    slider = concept("group-norm").sliders["groups"]
    assert positions(slider) == (1, 2, 6) and states({"groups": slider})[1:] == [
        {"groups": g} for g in (1, 2, 6)
    ]
    track = tracks(concept("group-norm"), "zh")[1]
    assert (track.labels, track.start) == (("1", "2", "6"), 1)


def test_a_slider_names_each_of_its_places_in_few_characters(page):
    page.sliders["n"] = Slider(1e17, 1e23, 1e21, "n", log=True)
    assert tracks(page, "en")[0].labels[0] == "10¹⁷"
    page.sliders["n"] = Slider(-3e-6, 2.5e-7, 0.0, "n")
    assert tracks(page, "en")[0].labels[0] == "−3×10⁻⁶"
    page.sliders["n"] = Slider(-1.8, 1.8, 0.9, "n")
    assert tracks(page, "en")[0].labels[3:5] == ("0", "0.6")
    assert all(
        len(label) <= 9 and len(set(track.labels)) == len(track.labels)
        for key in ("scaling-laws", "pca", "gradient-descent", "rademacher")
        for track in tracks(concept(key), "en")
        for label in track.labels
    )


@pytest.mark.parametrize("values", [{}, {"n": 3.0}])
def test_both_languages_of_one_drawing_are_those_of_two(page, values):
    figure = Figure(page)
    frames, apart = figure.at(values), page.draw("en", False, **values)
    for lang in ("en", "zh"):
        if lang == "zh":
            put_chinese(apart.figure, CHINESE)
        figure.lay_out(apart.figure)
        alone = inline_svg(
            fewer_digits(svg(apart.figure, "k", laid_out=True)), "k-figure", apart.text.get(lang)
        )
        (markup, shapes), (expected, needed) = without_names(frames[lang].markup), without_names(alone)
        assert markup == expected and shapes >= needed
        used = set(re.findall(r'href="#([^"]+)"', frames[lang].markup))
        assert used and used <= set(re.findall(r' id="([^"]+)"', frames[lang].markup))
    assert "远处" in frames["zh"].markup and "far away" not in frames["zh"].markup
    assert frames["zh"].words == apart.text.zh


def test_the_layout_has_room_for_either_language(page):
    figure = page.draw().figure
    Figure(page).lay_out(figure)
    for lang in ("en", "zh"):
        for axes, place in zip(figure.axes, layout(page.draw(lang).figure), strict=True):
            box = axes.get_position(original=True)
            assert box.x0 >= place.x0 and box.x1 <= place.x1 and box.y0 >= place.y0 and box.y1 <= place.y1


def test_a_drawing_with_other_axes_is_laid_out_by_itself(page):
    page.figure(n=Slider(1, 3, 2, "n", integer=True))(lambda n: Drawing(canvas(int(n))[0], Text("", "")))
    assert Figure(page).at({"n": 3.0})["en"].markup.count("<svg") == 1


@pytest.mark.parametrize("key", ["k", "softmax"])
def test_frames_of_which_all_is_worked_out_once_are_the_same(page, key, monkeypatch):
    """`softmax` has formulas; the memory of one figure must not serve another that is set otherwise."""
    other = page if key == "k" else concept(key)
    track, *_ = tracks(other, "zh")
    alone = list(Figure(other).moved(track))
    monkeypatch.setattr("gradus.site.figures._last", [])
    with drawings(other) as figure:
        assert list(figure.moved(track)) == alone
    assert [frame is None for frame in alone].index(True) == track.start


def test_coordinates_lose_digits_that_no_screen_shows_and_words_keep_theirs():
    svg = '<svg><path d="M 10.123456 0.999999 L 12.500000 3"/><text x="1.25981">0.123456 of 7.000000</text><g transform="scale(0.001234)"/></svg>'
    assert fewer_digits(svg) == (
        '<svg><path d="M 10.12 0.99 L 12.5 3"/><text x="1.25">0.123456 of 7.000000</text><g transform="scale(0.001234)"/></svg>'
    )


@pytest.mark.slow
@pytest.mark.parametrize("page", list(load()), ids=lambda page: page.key)
def test_a_figure_is_drawn_without_a_warning_wherever_a_slider_stands(page):
    for track in tracks(page, "en"):
        for value in track.values:
            assert page.draw("en", False, **{track.name: value}).text.en
