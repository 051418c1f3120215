"""Systems of inference: tiny runs repeat themselves, go on where they were stopped, and say what they found."""

import re

import pytest

from gradus.data.kinds import load_any
from gradus.running import run_system, system_of
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.inference import normalizing_flow


@pytest.fixture
def tiny(monkeypatch):
    """The recipe at a size that takes a part of a second."""
    small = {"layers": {"realnvp": 2, "maf": 1, "planar": 2}, "units": 4, "epochs": 2, "batch_size": 512}
    for name, value in (small | {"normal_components": 2}).items():
        monkeypatch.setitem(normalizing_flow.SETTINGS, name, value)
    return recipe_of("inference", "normalizing-flow")


def test_the_numbers_are_of_the_seed_alone_and_are_said_in_both_languages(tiny, tmp_path):
    data = load_any("digits")
    first = tiny.train(data, SeedRequest(3, None, directory=tmp_path / "a"))
    again = tiny.train(data, SeedRequest(3, None, directory=tmp_path / "a", resume=True))
    other = tiny.train(data, SeedRequest(4, None))
    assert first.measured == again.measured != other.measured
    assert first.score == again.score
    for text in tiny.findings([first.measured, other.measured]):
        assert re.search(r"[\u4e00-\u9fff]", text.zh) and not re.search(r"[\u4e00-\u9fff]", text.en)
    for picture in first.pictures:
        assert all("<svg" in picture.markup(lang) for lang in ("en", "zh"))


def test_the_loss_is_minus_the_log_density():
    import torch

    flow = normalizing_flow.maker("planar")()
    x = torch.randn(5, 2)
    torch.testing.assert_close(normalizing_flow.negative_log_likelihood(flow(x), x), -flow.log_prob(x).mean())


@pytest.mark.slow
def test_it_reaches_its_target(tmp_path):
    outcome = run_system(
        system_of("normalizing-flow"), directory=tmp_path / "r", verify=False, progress="silent"
    )
    assert outcome.holds, (outcome.summary.scores, outcome.summary.target)
