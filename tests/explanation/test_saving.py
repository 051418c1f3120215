"""An explanation is kept: as a file, in a notebook, in one line."""

import numpy as np
import pytest

from gradus import GradusError, explain


@pytest.fixture
def explanation():
    return explain(lambda x: np.sum(x**2), np.array([1.0, 2.0]))


def test_a_folder_that_is_a_file_is_named(explanation, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(GradusError, match=r"cannot write .*graph\.svg"):
        explanation.save(tmp_path / "file" / "graph.svg")


def test_what_is_saved_is_what_is_shown(explanation, tmp_path):
    with pytest.raises(GradusError, match=r"\.svg, got \.png"):
        explanation.save(tmp_path / "graph.png")
    path = explanation.save(tmp_path / "graph.svg")
    assert path.read_text(encoding="utf-8") == explanation.svg
    assert explanation.svg in explanation._repr_html_()
    assert str(explanation) == explanation.text
    assert repr(explanation) == f"<computation graph of f: {len(explanation.nodes)} nodes>"
