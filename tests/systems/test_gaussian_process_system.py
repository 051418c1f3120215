"""The Gaussian process on a series: tiny runs repeat themselves and report in both languages; the real one reaches its target."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from gradus.cli import main
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.running import run_system, system_of
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.inference.gaussian_process import series
from gradus.systems.inference.gaussian_process.model import (
    HALF,
    SETTINGS,
    START,
    forecasts,
    judge,
    regression,
    told,
)

RECIPE = recipe_of("inference", "gaussian-process")


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"longest": 60, "starts": 2, "iterations": 3}.items():
        monkeypatch.setitem(SETTINGS, name, value)


def test_the_series_is_in_the_order_of_time_and_whole() -> None:
    t, y = series(load_any("co2"))
    assert len(t) == 521 and (np.diff(t) > 0).all() and t[0] < 1958.3 and t[-1] > 2001.9
    assert 312 < y.min() < 316 and 370 < y.max() < 375
    with pytest.raises(GradusError, match="one column of times"):
        series(load_any("diabetes"))


def test_forecasts_use_what_was_before_alone() -> None:
    t = np.arange(60) / 12
    asked = []

    def tell(a: int, b: int) -> tuple[np.ndarray, ...]:
        asked.append((a, b))
        return (t[a:b], t[a:b], np.full(b - a, float(a)))

    m, _, wide = forecasts(tell, t, 40)
    assert asked == [(40, 52), (52, 60)]
    np.testing.assert_array_equal(m, t[40:])
    np.testing.assert_array_equal(wide, [40.0] * 12 + [52.0] * 8)


def test_bands_of_a_known_process_hold_their_share() -> None:
    """Of values drawn from the process itself, known to its last parameter."""
    import torch

    from gradus.systems.inference.gaussian_process.model import process_of

    t = np.arange(80) / 12
    drawn = process_of(START).posterior(
        torch.zeros(0, 1).double(), torch.zeros(0).double(), torch.from_numpy(t)[:, None], of="y"
    )
    held = []
    for z in drawn.sample(24, seed=0).numpy():
        judged = judge(z[60:], told(START, t[:60], z[:60], t[60:]))
        held.append(judged["held"])
        assert judged["inner"] <= judged["held"]
    spread = np.std(held) / np.sqrt(len(held))  # values of one draw go together
    assert abs(np.mean(held) - 0.95) < 5 * spread


def test_the_score_is_a_normal_log_density() -> None:
    from scipy.stats import norm

    z, way = np.array([0.3, -2.0, 1.0]), (np.zeros(3), np.zeros(3), np.array([1.0, 0.5, 2.0]))
    found = judge(z, way)
    assert abs(found["density"] - norm(way[0], way[2]).logpdf(z).mean()) < 1e-12
    assert found["held"] == 2 / 3 and abs(found["width"] - 2 * HALF * 3.5 / 3) < 1e-12


def test_the_regression_knows_a_parabola_with_seasons() -> None:
    t = np.arange(48) / 12
    z = 1 + t - 0.1 * t**2 + np.sin(2 * np.pi * t) + 0.3 * np.cos(4 * np.pi * t)
    m, _, wide = regression(t[:36], z[:36], t[36:])
    np.testing.assert_allclose(m, z[36:], atol=1e-9)
    assert wide.max() < 1e-9


def test_the_numbers_are_of_the_seed_alone_and_told_in_both_languages(tiny: None) -> None:
    first, again, other = (RECIPE.train(load_any("co2"), SeedRequest(s, None)) for s in (3, 3, 4))
    assert first.score == again.score and first.measured == again.measured
    assert first.measured["parameters"] != other.measured["parameters"]
    assert RECIPE.findings is not None
    found = RECIPE.findings([first.measured])
    assert len(found) == 4
    for text in found:
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)


def test_the_verdict_is_of_what_was_measured(tiny: None) -> None:
    measured = dict(RECIPE.train(load_any("co2"), SeedRequest(0, None)).measured)
    assert RECIPE.findings is not None
    for held, words in ((0.95, "as promised"), (0.3, "too narrow"), (1.0, "too wide")):
        judged = {k: dict(v, held=held) for k, v in measured["judged"].items()}
        # of a thousand values 100 % is more than promised
        told = RECIPE.findings([{**measured, "judged": judged, "held": 1000}])
        assert words in told[0].en and words in told[1].en
    worse = {k: dict(v, density=-5.0 if k != "regression" else 1.0) for k, v in measured["judged"].items()}
    assert "less probable" in RECIPE.findings([{**measured, "judged": worse}])[2].en


def test_the_report_is_chinese(tiny: None, tmp_path: Path) -> None:
    main(
        [
            "run",
            "gaussian-process",
            "--seed",
            "0",
            "--no-verify",
            "--lang",
            "zh",
            "--directory",
            str(tmp_path / "r"),
        ]
    )
    html = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    part = html[html.index('<section id="recipe">') : html.index('<section id="evidence">')]
    words = re.sub(r"<[^>]+>", " ", re.sub(r"<svg.*?</svg>|<code>.*?</code>", " ", part, flags=re.DOTALL))
    assert not re.search(r"\b(the|and|with|over|of)\b", words)
    assert "区间" in words


@pytest.mark.slow
def test_reaches_its_target(tmp_path: Path) -> None:
    outcome = run_system(
        system_of("gaussian-process"), directory=tmp_path / "r", verify=False, progress="silent"
    )
    assert outcome.holds, (outcome.summary.scores, outcome.summary.target)
