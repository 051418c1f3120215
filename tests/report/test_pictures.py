"""The pictures: what they draw is what they were given, and wrong shapes are refused."""

import io
import re

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.report import (
    Series,
    accuracy_curves,
    confusion_matrix,
    feature_maps,
    filters,
    loss_curves,
    wrong_images,
)
from gradus.report.charts import _spread
from gradus.report.png import colours, diverging, encode, enlarged, ink
from gradus.report.svg import inline_svg
from gradus.text import Text

NAME = Text("training", "训练")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_is_read_back_by_another_library(channels):
    image = pytest.importorskip("PIL.Image")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, channels), dtype=np.uint8)
    got = np.asarray(image.open(io.BytesIO(encode(pixels)))).reshape(5, 7, channels)
    assert (got == pixels).all()
    assert encode(pixels) == encode(pixels.copy())


def test_png_refuses_what_it_cannot_hold():
    for wrong in (np.zeros((2, 2)), np.zeros((2, 2, 5), np.uint8), np.zeros((0, 2), np.uint8)):
        with pytest.raises(GradusError, match="expected uint8 pixels"):
            encode(wrong)


def test_colours_of_signs_and_ink():
    signed = diverging(np.array([[-1.0, 0.0, 1.0]]), 1.0)[0].astype(int)
    assert signed[0][2] > signed[0][0] and signed[2][0] > signed[2][2]
    assert signed[1].min() > 235
    assert ink(np.array([[0.0, 0.5, 2.0, np.nan]]))[0, :, 1].tolist() == [0, 128, 255, 0]
    assert colours(np.ones((3, 2, 4))).shape == (2, 4, 3)
    assert enlarged(np.zeros((8, 8), np.uint8)).shape == (64, 64)
    assert enlarged(np.zeros((100, 80, 3), np.uint8)).shape == (100, 80, 3)


def test_confusion_counts_and_names_the_worst():
    picture = confusion_matrix([[5, 1, 0], [0, 6, 0], [0, 2, 4]], ["a", "b", "<c>"])
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", picture.markup("en"))
    assert cells == ["5", "1", "·", "·", "6", "·", "·", "2", "4"]
    assert "&lt;c&gt;" in picture.markup("zh")
    assert "15 of 18 right" in picture.caption.en and "<c> taken for b (2 times)" in picture.caption.en
    assert "Most often" not in confusion_matrix(np.eye(2, dtype=int), ["a", "b"]).caption.en
    with pytest.raises(GradusError, match=r"\(2, 2\) for 2 classes, got \(3, 3\)"):
        confusion_matrix(np.eye(3), ["a", "b"])


def test_mistakes_come_surest_first_and_none_is_said():
    images = np.zeros((3, 1, 8, 8))
    picture = wrong_images(images, [0, 1, 0], [1, 0, 1], [0.2, 0.9, 0.5], ["cat", "dog"], limit=2)
    assert re.findall(r"<span>(\d+%)</span>", picture.markup("en")) == ["90%", "50%"]
    assert 'alt="true dog, predicted cat, probability 90%"' in picture.markup("en")
    assert "2 of 3" in picture.caption.en
    assert "No image" in wrong_images(np.zeros((0, 1, 8, 8)), [], [], [], ["a"]).caption.en
    with pytest.raises(GradusError, match="each of 3 images"):
        wrong_images(images, [0], [1], [0.2], ["a", "b"])
    with pytest.raises(GradusError, match=r"\(n, 1 or 3, height, width\)"):
        wrong_images(np.zeros((3, 2, 8, 8)), [0] * 3, [1] * 3, [0.2] * 3, ["a", "b"])


def test_filters_and_maps_refuse_wrong_shapes():
    with pytest.raises(GradusError, match=r"\(out, in, height, width\), got \(3, 3\)"):
        filters(np.zeros((3, 3)), "conv")
    with pytest.raises(GradusError, match="channels, height, width"):
        feature_maps(np.zeros((1, 8, 8)), {"fc": np.zeros(10)})
    many = filters(np.ones((16, 6, 3, 3)), "conv2")
    assert many.markup("en").count("<img") == 64 and "64 of 96" in many.caption.en
    assert filters(np.zeros((1, 1, 3, 3)), "zero").markup("en").count("<img") == 1


def test_charts_follow_the_page_and_the_language():
    chart = loss_curves([Series(NAME, [1, 2, 3], [1.0, 0.5, 0.1])])
    drawn = inline_svg(chart.markup("zh"), "figure-1", chart.alt.zh)
    assert "训练" in drawn and "损失" in drawn and "currentColor" in drawn and "var(--series-1" in drawn
    assert "#000000" not in drawn and "xmlns" not in drawn and "metadata" not in drawn
    assert all(name.startswith("figure-1-") for name in re.findall(r' id="([^"]+)"', drawn))
    used = set(re.findall(r"(?:url\(#|href=\"#)([^)\"]+)", drawn))
    assert used <= set(re.findall(r' id="([^"]+)"', drawn))
    assert chart.alt.en == "loss over epoch: training from 1 to 0.1 (lowest 0.1, highest 1)"
    many = loss_curves([Series(NAME, [1, 2], [[1.0, 0.5], [0.9, 0.4], [1.1, 0.6]])])
    assert "mean of 3 seeds" in many.caption.en and many.alt.en.startswith(
        "loss over epoch: training from 1 to 0.5"
    )
    assert "98.00%" in accuracy_curves([Series(NAME, [1], [0.5])], target=0.98).caption.en


def test_charts_bear_bad_values_and_refuse_bad_shapes():
    bad = loss_curves(
        [Series(NAME, [1, 2, 3], [1.0, np.nan, np.inf]), Series(NAME, [1, 2, 3], [0.0, 0.0, 0.0])]
    )
    assert "<svg" in bad.markup("en")
    with pytest.raises(GradusError, match="2 positions for values of shape"):
        loss_curves([Series(NAME, [1, 2], [1.0, 2.0, 3.0])])
    with pytest.raises(GradusError, match="at least one series"):
        loss_curves([])


def test_labels_are_moved_apart_in_order():
    moved = _spread(np.array([0.5, 0.5, 0.51, 0.9]), 0.1)
    assert (np.diff(moved) > 0.0999).all() and abs(moved[:3].mean() - 0.503) < 0.02


def test_no_global_state_is_changed():
    import warnings

    import matplotlib

    before = dict(matplotlib.rcParams), list(warnings.filters)
    loss_curves([Series(NAME, [1, 2], [1.0, 2.0])]).markup("zh")
    assert (dict(matplotlib.rcParams), list(warnings.filters)) == before
