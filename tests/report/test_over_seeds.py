"""Pictures of several seeds together, and tables."""

from dataclasses import replace

import pytest

from gradus.errors import GradusError
from gradus.report import Chart, SeedResult, Series, pictures_over_seeds, table
from gradus.text import Text


def result(seed):
    chart = Chart(
        [Series(Text("a", "甲"), [1, 2, 3], [seed, 1.0, 2.0])], Text("y", "纵"), Text("c.", "说明。")
    )
    pictures = lambda: [table([Text("k", "键"), Text("v", "值")], [("a", 1.5)], Text("t", "表"))]
    return SeedResult(0.4, 0.1, pictures=pictures, charts=[chart])


def test_charts_over_seeds_are_drawn_together():
    results = [result(s) for s in range(3)]
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
