"""Digits that are turned: tiny runs repeat themselves, go on where they were stopped, and say honestly what they found."""

import json
import re

import numpy as np
import pytest

from gradus.data.kinds import load_any
from gradus.running import run_system, system_of
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.inference import bayesian_network_nn
from gradus.systems.inference.bayesian_network_nn.nets import NAMES
from gradus.systems.inference.bayesian_network_nn.shown import findings, interval


@pytest.fixture
def tiny(monkeypatch):
    """The recipe at a size that takes a part of a second."""
    small = {"hidden": [6], "epochs": 1, "batch_size": 512, "draws": 3, "angles": [0, 90]}
    for name, value in small.items():
        assert name in bayesian_network_nn.SETTINGS
        monkeypatch.setitem(bayesian_network_nn.SETTINGS, name, value)
    return recipe_of("inference", "bayesian-network-nn")


def test_the_numbers_are_of_the_seed_alone_and_are_said_in_both_languages(tiny, tmp_path):
    data = load_any("digits")
    first = tiny.train(data, SeedRequest(3, None, directory=tmp_path / "a"))
    again = tiny.train(data, SeedRequest(3, None, directory=tmp_path / "a", resume=True))
    other = tiny.train(data, SeedRequest(4, None))
    assert first.measured == again.measured != other.measured
    assert json.loads(json.dumps(first.measured)) == first.measured
    point, last = (np.array(first.measured["ways"][way]["ece"]) for way in ("point", "last"))
    assert first.score == again.score == pytest.approx(point[1] - last[1])
    for text in tiny.findings([first.measured, other.measured]):
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)
    for picture in first.pictures():
        assert all("<svg" in picture.markup(lang) for lang in ("en", "zh"))


def test_turned_images_and_the_area_under_the_curve():
    image = np.zeros((1, 1, 8, 8))
    image[0, 0, 1, 2] = 1.0
    assert bayesian_network_nn.turned(image, 90)[0, 0, 5, 1] == pytest.approx(1.0)
    assert bayesian_network_nn.turned(image, 0) is image
    assert bayesian_network_nn.separation(np.array([1.0, 2.0]), np.array([2.0, 3.0])) == 7 / 8


def measured(change):
    """A seed in which the last layer differs from the point network by `change` in everything."""
    rows = {
        way: {
            what: [0.5 + (change if way == "last" else 0.0)] * 2
            for what in ("ece", "entropy", "accuracy", "floor")
        }
        | {"told_apart": [0.5 + (change if way == "last" else 0.0)]}
        for way in NAMES
    }
    return {"ways": rows}


def test_the_verdict_is_of_what_was_measured():
    assert interval([1.0, 3.0]) == (2.0, pytest.approx(12.706, rel=1e-4)) and interval([4.0])[1] == np.inf
    better = [measured(-0.1 - d) for d in (0.0, 0.01, 0.02)]
    said = findings(better)
    assert "last-layer Laplace: better calibrated" in said[0].en and "3 seeds" in said[0].en
    assert "last-layer Laplace: surer" in said[2].en and "最后一层拉普拉斯：更确定" in said[2].zh
    worse = findings([measured(0.1)])
    assert "last-layer Laplace: worse calibrated" in worse[1].en and "one seed, no interval" in worse[1].en
    assert "no better calibrated" in worse[-1].en and "another thing than erring less" in said[-1].en
    torn = findings([measured(0.1), measured(-0.1)])
    assert "last-layer Laplace, Kronecker Laplace: no different" in torn[0].en
    leaning = findings([measured(0.1), measured(-0.2)])
    assert (
        "no better calibrated there beyond the interval" in leaning[-1].en
        and "没有超出区间" in leaning[-1].zh
    )
    assert "differs from it by -5.0 points" in leaning[-1].en and "相差 -5.0 个百分点" in leaning[-1].zh


@pytest.mark.slow
def test_it_reaches_its_target(tmp_path):
    outcome = run_system(
        system_of("bayesian-network-nn"), directory=tmp_path / "r", verify=False, progress="silent"
    )
    assert outcome.holds, (outcome.summary.scores, outcome.summary.target)
