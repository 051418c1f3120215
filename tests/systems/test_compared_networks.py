"""Systems that compare networks: tiny runs report in both languages, repeat themselves, and go on exactly after a signal."""

import re
import signal

import numpy as np
import pytest

from gradus import progress
from gradus.catalogue import load
from gradus.cli import main
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.running import run_system
from gradus.systems import SeedRequest, recipe_of
from gradus.systems.finding import keys
from gradus.systems.networks import attention, batch_norm, residual, transformer_block
from gradus.systems.optimization import optimizers
from gradus.training import Interrupted

TINY = {
    "residual": (residual, {"depths": [4, 6], "units": 8}),
    "batch-norm": (batch_norm, {"learning_rates": [0.1, 1e4], "layers": 2, "units": 8}),
    "transformer-block": (
        transformer_block,
        {"examples": 128, "blocks": 1, "vector_width": 4, "learning_rates": [1e-3]},
    ),
    "attention": (attention, {"examples": 192, "vector_width": 8, "length": 12}),
    "optimizers": (optimizers, {"learning_rates": [0.1, 1e4], "units": [8]}),
}
DATA = {
    "residual": "digits",
    "batch-norm": "digits",
    "attention": "delayed-copy",
    "transformer-block": "sorting",
    "optimizers": "digits",
}
every_system = pytest.mark.parametrize("key", TINY)


@pytest.fixture
def tiny(key, monkeypatch):
    """The recipe at a size that takes a second."""
    module, settings = TINY[key]
    for name, value in settings.items():
        monkeypatch.setitem(module.SETTINGS, name, value)
    return recipe_of(keys()[key], key)


def measured(result):
    """All numbers that a seed gives to the report."""
    return [
        result.score,
        *(np.nan if v is None else v for c in result.comparisons for row in c.rows.values() for v in row),
        *(y for chart in result.charts for s in chart.series for y in np.ravel(s.y)),
    ]


@every_system
def test_the_numbers_are_of_the_seed_alone(key, tiny):
    data = load_any(DATA[key])
    first, again, other = (measured(tiny.train(data, SeedRequest(s, None, epochs=1))) for s in (3, 3, 4))
    assert np.array_equal(first, again, equal_nan=True)
    assert not np.array_equal(first, other, equal_nan=True)


@pytest.mark.parametrize("when", [3, 4], ids=["between-epochs", "as-a-network-ends"])
@every_system
def test_a_signal_leaves_a_state_that_goes_on_exactly(key, when, tiny, tmp_path, monkeypatch, capsys):
    data = load_any(DATA[key])
    whole = tiny.train(data, SeedRequest(0, None, tmp_path / "whole", epochs=2))
    steps = []

    class Stopping(progress.Plain):
        def step(self, epoch, step, loss):
            steps.append(step)
            if len(steps) == when:  # the second of several networks, of two epochs each
                signal.raise_signal(signal.SIGTERM)

    request = SeedRequest(0, None, tmp_path / "broken", epochs=2)
    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr("gradus.systems.several_networks.make_reporter", lambda *a: Stopping(1))
        tiny.train(data, request)
    assert "stopped, state saved in" in capsys.readouterr().err
    assert len(list((tmp_path / "broken").iterdir())) < len(list((tmp_path / "whole").iterdir()))
    resumed = tiny.train(data, SeedRequest(0, None, tmp_path / "broken", True, epochs=2))
    assert np.array_equal(measured(resumed), measured(whole), equal_nan=True)


@every_system
def test_reports_in_both_languages(key, tiny, tmp_path):
    for lang in ("en", "zh"):
        outcome = run_system(
            load().get(key), seeds=[0, 1], epochs=1, directory=tmp_path / lang, progress="silent",
            verify=False, lang=lang,
        )  # fmt: skip
        for columns, rows in outcome.tables:
            assert len(rows) > 1 and {len(row) for row in rows} == {len(columns)}
        html = outcome.report.read_text(encoding="utf-8")
        assert "<script" not in html and " ± " in html
        for figure in re.findall(r"<svg [^>]*>", html):
            assert re.search('aria-label="[^"]{20,}"', figure)
        part = html[html.index('<section id="recipe">') : html.index('<section id="evidence">')]
        part = re.sub(r"<svg.*?</svg>", " ", part, flags=re.DOTALL)
        words = re.sub(r"<[^>]+>", " ", part)
        assert lang == "en" or not re.search(r"\b(the|and|with|over|of)\b", words)
        assert "$" not in words
    run_system(
        load().get(key), seeds=[0], epochs=1, directory=tmp_path / "en", progress="silent", verify=False, fresh=True
    )  # fmt: skip


@pytest.mark.parametrize("key", ["residual"])
def test_what_was_compared_is_printed(key, tiny, tmp_path, capsys):
    argv = ["run", key, "--seed", "0", "--epochs", "1", "--no-verify", "--directory"]
    main([*argv, str(tmp_path / "told")])
    lines = capsys.readouterr().out.splitlines()
    assert any(re.match(r"Network +Training error +Test error", line) for line in lines), lines
    assert sum(line.startswith(("plain, ", "residual, ")) for line in lines) >= 2
    main([*argv, str(tmp_path / "told"), "--resume", "--quiet"])
    assert capsys.readouterr().out == ""


@every_system
def test_other_data_are_refused(key, tmp_path):
    with pytest.raises(GradusError, match=f"the recipe trains on {DATA[key]}"):
        run_system(load().get(key), data="diabetes", seeds=[0], directory=tmp_path / "r", verify=False)


def test_a_network_that_never_learns_has_no_largest_rate_and_no_quotient():
    never, once = (
        {0.1: {"training": 0.5}, 0.2: {"training": 0.6}},
        {0.1: {"training": 0.95}, 0.2: {"training": 0.1}},
    )
    assert batch_norm.largest_rate(never) is None and batch_norm.largest_rate(once) == 0.1
    assert batch_norm.quotient(1.0, None) == batch_norm.quotient(None, 1.0) == 0.0
    assert batch_norm.quotient(0.6, 0.1) == pytest.approx(6)
