"""Rows of images: one tile an image, signed values in two colours, other shapes refused by name."""

import numpy as np
import pytest

from gradus.errors import GradusError
from gradus.report.pictures import image_rows
from gradus.text import Text

CAPTION = Text("Patterns", "模式")


def test_each_row_has_its_name_and_a_tile_for_each_image():
    rows = {Text("stored", "存储"): np.ones((3, 4, 5)), Text("recalled", "回忆"): -np.ones((2, 4, 5))}
    picture = image_rows(rows, CAPTION, "result")
    english, chinese = picture.markup("en"), picture.markup("zh")
    assert english.count("<img") == chinese.count("<img") == 5
    assert "stored 3" in english and "存储 3" in chinese
    assert picture.alt.en == "Patterns stored: 3; recalled: 2"


def test_positive_images_are_ink_and_signed_ones_coloured():
    ink, signed = (
        image_rows({Text("a", "a"): values[None]}, CAPTION, "result").markup("en")
        for values in (np.eye(4), np.eye(4) - 0.5)
    )
    assert ink != signed


def test_other_shapes_are_refused_by_name():
    with pytest.raises(GradusError, match=r"\(n, 1 or 3, height, width\) for stored, got \(4, 4\)"):
        image_rows({Text("stored", "存储"): np.eye(4)}, CAPTION, "result")
