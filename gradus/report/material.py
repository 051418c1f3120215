"""What a system's recipe gives to the report: for each seed its score, layers, pictures and charts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gradus.data.summary import DataSummary
from gradus.report.charts import Chart, chart_picture
from gradus.report.comparison import Comparison, comparison_table
from gradus.report.pictures import Picture
from gradus.report.summary import Layer


@dataclass(frozen=True)
class SeedResult:
    """One seed of a run.

    Attributes:
        score: what is compared with the target.
        seconds: how long the training took.
        layers: the architecture, for a network; the report shows that of the first seed.
        pictures: pictures and tables, or a function that makes them: the report shows those of the first seed alone.
        charts: lines over time; the report shows mean and range over the seeds.
        data: what the report says of the data, where `DataSummary.of` does not say it rightly.
        comparisons: what was measured of several variants; the report puts the seeds together in one table.
        measured: numbers by name, of which the recipe tells what was found.
    """

    score: float
    seconds: float
    layers: Sequence[Layer] = ()
    pictures: Sequence[Picture] | Callable[[], Sequence[Picture]] = ()
    charts: Sequence[Chart] = ()
    data: DataSummary | None = None
    comparisons: Sequence[Comparison] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)


def pictures_over_seeds(results: Sequence[SeedResult]) -> list[Picture]:
    """The comparisons and the charts of all seeds together, then the pictures of the first one."""
    tables = [
        comparison_table([r.comparisons[i] for r in results]) for i in range(len(results[0].comparisons))
    ]
    charts = [_together([r.charts[i] for r in results]) for i in range(len(results[0].charts))]
    pictures = results[0].pictures
    return [*tables, *map(chart_picture, charts), *(pictures() if callable(pictures) else pictures)]


def _together(charts: Sequence[Chart]) -> Chart:
    """The same chart of several seeds as one, each series with a row for each seed."""
    if len(charts) == 1:
        return charts[0]
    series = []
    for i, first in enumerate(charts[0].series):
        length = min(len(c.series[i].x) for c in charts)
        y = np.array([np.asarray(c.series[i].y, float)[..., :length] for c in charts])
        series.append(replace(first, x=list(first.x)[:length], y=y))
    return replace(charts[0], series=tuple(series))
