"""Diagnostics of draws: as ArviZ has them, as closed forms have them, and in words."""

from __future__ import annotations

import importlib.util
import json
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.inference import diagnose
from gradus.inference.monte_carlo.effective_size import effective_size

# ArviZ 0.23.4 (NumPy 2.4, SciPy 1.17) on the draws below; R̂ as its `summary` has it
FROZEN = json.loads((Path(__file__).parent / "arviz_diagnostics.json").read_text(encoding="utf-8"))


def draws() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(2026)

    def autoregressive(m: int, n: int, r: float) -> np.ndarray:
        e = rng.standard_normal((m, n))
        x = e.copy()
        for t in range(1, n):
            x[:, t] = r * x[:, t - 1] + np.sqrt(1 - r * r) * e[:, t]
        return x

    return {
        "independent": rng.standard_normal((4, 100)),
        "antithetic": autoregressive(4, 200, -0.7),
        "AR(1)": autoregressive(3, 150, 0.9),
        "odd": autoregressive(4, 99, 0.5) + 0.3 * np.arange(4)[:, None],
        "four draws": rng.standard_normal((2, 4)),
        "five draws": rng.standard_normal((3, 5)),
        "one chain": autoregressive(1, 300, 0.6),
        "Cauchy": rng.standard_cauchy((4, 61)),
        "other spreads": autoregressive(4, 120, 0.2) * np.array([1, 1, 1, 4.0])[:, None],
        "counts": rng.poisson(4.0, (4, 51)).astype(float),
        "one chain stuck": np.concatenate([rng.standard_normal((3, 40)), np.full((1, 40), 0.5)]),
    }


@pytest.mark.parametrize("name", list(draws()))
def test_equals_arviz(name: str) -> None:
    x = draws()[name]
    found = diagnose(np.stack([x, x], -1))  # two quantities at once
    for field, want in FROZEN[name].items():
        if field == "rhat" and len(x) == 1:
            continue  # ArviZ has none of one chain
        got = getattr(found, field)[..., 1]
        if field == "ess_tail" and name == "counts":
            assert got >= want  # see "Deviates"
            continue
        np.testing.assert_allclose(got, want, rtol=1e-8, err_msg=field)


def test_energies_equal_arviz() -> None:
    energy = np.cumsum(np.random.default_rng(1).standard_normal((2, 50)), 1)
    found = diagnose(np.random.default_rng(2).standard_normal((2, 50)), energy=energy)
    np.testing.assert_allclose(found.bfmi, FROZEN["energy"], rtol=1e-12)
    assert "E-BFMI" in found.notes[0].en and not found.sound


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 7, 50, 51])
def test_sizes_of_many_quantities_are_those_of_each(n: int) -> None:
    """Against Geyer's sequence written out."""
    rng = np.random.default_rng(n)
    x = np.cumsum(rng.standard_normal((3, n, 40)), 1) * rng.choice([1, 0.1], 40) + rng.standard_normal(
        (3, n, 40)
    )
    got = effective_size(x)
    for j in range(40):
        a = x[:, :, j] - x[:, :, j].mean(1, keepdims=True)
        cov = np.array([(a[:, : n - t] * a[:, t:]).sum(1).mean() / n for t in range(n)])
        plus = cov[0] + x[:, :, j].mean(1).var(ddof=1)
        rho = 1 - (cov[0] * n / (n - 1) - cov) / plus
        rho[0], k, total, least = 1, 0, 0.0, np.inf
        while rho[2 * k] + rho[2 * k + 1] > 0 and 2 * k + 3 <= n - 2 + 1 and 2 * (k + 1) < n - 2:
            least = min(least, rho[2 * k] + rho[2 * k + 1])
            total += least
            k += 1
        end = rho[2 * k] if rho[2 * k] > 0 or rho[2 * k] + rho[2 * k + 1] >= 0 else 0.0
        np.testing.assert_allclose(got[j], 3 * n / max(-1 + 2 * total + end, 1 / np.log10(3 * n)), rtol=1e-9)


def test_verdicts_say_what_is_wrong() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((4, 500))
    slow = np.cumsum(rng.standard_normal((4, 500)), 1)
    some, own = x.copy(), np.repeat(np.arange(4.0)[:, None], 500, 1)
    some[2] = 7.0
    found = diagnose(
        {"fine": x, "place": x + np.arange(4)[:, None], "spread": x * np.array([1, 1, 1, 3])[:, None], "slow": slow,
         "some": some, "none": np.ones((4, 500)), "own": own}
    )  # fmt: skip
    said = {name: words.en for name, words in found.verdicts.items()}
    assert said["fine"] == "no fault found"
    assert said["place"].startswith("chains disagree in place: R̂ 1.")
    assert said["spread"].startswith("chains disagree in spread")
    assert said["slow"].startswith("chains disagree")
    assert said["some"] == "chain 2 did not move"
    assert said["none"] == "did not move: every draw is the same"
    assert said["own"] == "did not move: each chain stands at its own place"
    assert np.isnan(found.ess_bulk["none"]) and np.isnan(found.mcse_mean["none"])
    assert np.isinf(found.rhat["own"])
    assert not found.sound and "6 with faults" in repr(found)
    assert "有效" in diagnose(x[:, :60]).table("zh")
    assert len(found.table(most=2).splitlines()) == 4 and "fine" not in found.table(most=2)
    assert diagnose(x[:1]).notes[0].en.startswith("one chain")


def test_no_quantiles_need_be_asked_for() -> None:
    assert diagnose(
        np.random.default_rng(0).standard_normal((2, 9, 3)), probabilities=[]
    ).quantiles.shape == (0, 3)


def test_divergences_are_counted_and_said() -> None:
    x = np.random.default_rng(0).standard_normal((4, 500))
    diverging = np.zeros((4, 500), bool)
    assert diagnose(x, diverging=diverging).sound
    diverging[1, 3] = True
    found = diagnose(torch.tensor(x), diverging=torch.tensor(diverging))
    assert found.divergences.tolist() == [0, 1, 0, 0]
    assert found.notes[0].en.startswith("1 divergent transitions")


@pytest.mark.parametrize(
    ("given", "why"),
    [(np.ones(10), r"draws\[None\]"), (np.ones((100, 3)), "axes swapped"), (np.full((4, 10), np.nan), "finite"), ({}, "quantity"),
     ({"a": np.ones((4, 10)), "b": np.ones((4, 11))}, "4 chains of 10 draws"), (np.ones((4, 10, 0)), "quantity"), ("text", "real numbers")],
)  # fmt: skip
def test_what_is_no_draws_is_refused(given: Any, why: str) -> None:
    with pytest.raises(GradusError, match=why):
        diagnose(given)


def test_arviz_is_asked_for_by_name_where_it_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    found = diagnose(np.random.default_rng(0).standard_normal((2, 8)), energy=np.zeros((2, 8)))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(GradusError, match="pip install arviz"):
        found.to_arviz()
    for version in ("0.23.4", "1.0.0"):
        fake: Any = types.ModuleType("arviz")
        fake.__version__ = version
        fake.from_dict = lambda data=None, **groups: data or groups
        monkeypatch.setitem(sys.modules, "arviz", fake)
        monkeypatch.setattr(importlib.util, "find_spec", lambda name, found=fake: found)
        groups = found.to_arviz()
        assert set(groups) == {"posterior", "sample_stats"} and set(groups["sample_stats"]) == {"energy"}
