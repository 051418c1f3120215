"""The systems of recurrent layers, at a small size: what they learn, what their scores depend on, what a kill leaves."""

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.cli import main
from gradus.data.kinds import load_any
from gradus.errors import GradusError
from gradus.running import run_system
from gradus.systems import SeedRequest, recipe_of, spike_timing
from gradus.systems.networks import lstm, peephole_lstm

SMALL = {"lstm": {"lag": "100", "units": "4"}, "peephole-lstm": {"task": "answer"}}
DATA = {"lstm": "long-lag", "peephole-lstm": "spike-intervals"}
every_system = pytest.mark.parametrize("key", list(SMALL))


def result(key, seed=0, **more):
    request = SeedRequest(seed, None, epochs=1, options=SMALL[key], **more)
    return recipe_of("networks", key).train(load_any(DATA[key]), request)


@every_system
def test_the_score_is_of_the_seed_alone(key):
    ends = [result(key, seed).charts[-1].series[0].y for seed in (3, 3, 4)]
    assert np.array_equal(ends[0], ends[1]) and not np.array_equal(ends[0], ends[2])


@every_system
def test_a_run_that_is_killed_between_two_networks_goes_on_to_the_same_result(key, tmp_path, monkeypatch):
    from gradus import training

    whole, fit, parts = result(key), training.fit, []

    def once(*arguments, **settings):
        if parts:
            raise KeyboardInterrupt
        parts.append(settings["directory"].name)
        return fit(*arguments, **settings)

    monkeypatch.setattr(training, "fit", once)
    with pytest.raises(KeyboardInterrupt):
        result(key, directory=tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == parts
    monkeypatch.setattr(training, "fit", fit)
    again = result(key, directory=tmp_path, resume=True)
    assert again.score == whole.score
    assert [list(map(float, s.y)) for c in again.charts for s in c.series] == [
        list(map(float, s.y)) for c in whole.charts for s in c.series
    ]


@every_system
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_run_is_reported_begun_anew_and_takes_no_other_data(key, lang, tmp_path):
    small = {"seeds": [0, 1], "epochs": 1, "options": SMALL[key], "verify": False, "progress": "silent"}
    system = load().get(key)
    for fresh in (False, True):
        outcome = run_system(system, directory=tmp_path / "r", lang=lang, fresh=fresh, **small)
    html = outcome.report.read_text(encoding="utf-8")
    assert html.count("Wilson") == 1 and outcome.summary.data.title.get(lang) in html
    for word in ("Source", "Licence", "来源", "许可"):
        assert f"<dt>{word}</dt>" not in html
    with pytest.raises(GradusError, match=f"trains on {DATA[key]}, not on digits"):
        run_system(system, data="digits", directory=tmp_path / "s", **small)


def test_the_bit_is_at_the_first_step_alone():
    x, y = lstm.bits(500, 100, np.random.default_rng(0))
    assert np.array_equal(x[:, 0, 0], 2 * y - 1) and abs(y.mean() - 0.5) < 0.1
    # five standard deviations of a correlation of 500 pairs
    correlations = [np.corrcoef(x[:, t, 0], y)[0, 1] for t in range(1, 100)]
    assert np.abs(correlations).max() < 5 / np.sqrt(500) and np.abs(x[:, 1:]).max() < 0.5


def test_new_noise_keeps_the_bit():
    import torch

    x = torch.from_numpy(lstm.bits(8, 20, np.random.default_rng(0))[0])
    first, second = (lstm.new_noise(x, torch.Generator().manual_seed(s)) for s in (0, 1))
    assert torch.equal(first[:, 0], x[:, 0]) and torch.equal(second[:, 0], x[:, 0])
    assert not torch.isclose(first[:, 1:], second[:, 1:]).any(1).all()


def test_forget_biases_remember_for_up_to_the_lag():
    net = lstm.network("chrono", 64, 500)
    f = 1 / (1 + np.exp(-net.layer.bias_ih_l0.detach().numpy()[64:128]))
    memory = 1 / (1 - f)  # τ of f = 1 − 1/τ
    assert 2 <= memory.min() < 60 and 440 < memory.max() <= 501
    assert np.allclose(lstm.network("one", 4, 500).layer.bias_ih_l0.detach().numpy()[4:8], 1)


def test_a_bit_is_carried_over_a_short_lag():
    request = SeedRequest(0, None, options={"lag": "20", "units": "4"})
    assert recipe_of("networks", "lstm").train(load_any("long-lag"), request).score >= 0.95


def test_spikes_are_answered_after_the_interval_and_gaps_are_told():
    rng, T = np.random.default_rng(0), spike_timing.INTERVAL
    x, y = spike_timing.spikes_to_answer(300, rng)
    assert (x.sum((1, 2)) == 1).all() and (y.sum(1) == 1).all()
    assert (y.argmax(1) - x[..., 0].argmax(1) == T).all() and set(x[..., 0].argmax(1)) == set(range(T))
    x, y = spike_timing.gaps(300, rng)
    assert (x.sum((1, 2)) == 2).all() and (x[:, -1] == 1).all()
    assert np.allclose(x.shape[1] - 1 - x[..., 0].argmax(1), y * T) and set(np.round(y * T)) == set(
        range(1, T + 1)
    )


def test_an_answer_counts_at_its_step_alone():
    import torch

    y = torch.eye(4)[[1, 2, 3]]
    assert spike_timing.at_the_step(torch.eye(4)[[1, 2, 0]], y) == torch.tensor(2 / 3)
    half = 0.5 / spike_timing.INTERVAL
    outputs = torch.tensor([0.5 + 0.9 * half, 0.5 - 1.1 * half])
    assert spike_timing.within_half_a_step(outputs, torch.tensor([0.5, 0.5])) == 0.5
    # a spike that is missed costs as much as all the other steps together
    z = torch.zeros(1, spike_timing.INTERVAL)
    spike = torch.eye(spike_timing.INTERVAL)[:1]
    quiet = spike_timing.spike_loss(z, 0 * z)
    assert torch.isclose(
        spike_timing.spike_loss(z, spike), quiet * (2 * spike_timing.INTERVAL - 1) / spike_timing.INTERVAL
    )


@pytest.mark.parametrize("task", ["answer", "measure"])
def test_without_peepholes_none_are_learnt(task):
    request = SeedRequest(0, None, epochs=1, options={"task": task})
    result = recipe_of("networks", "peephole-lstm").train(load_any("spike-intervals"), request)
    more, fewer = (row[-1] for row in result.comparisons[0].rows.values())
    assert more - fewer == 3 * peephole_lstm.SETTINGS["units"]
    net = peephole_lstm.network(False, True)
    assert not net.layer.weight_peephole.any() and not net.layer.weight_peephole.requires_grad


@pytest.mark.parametrize("options", [{"lag": "100"}, {"units": "16"}, {"lag": "200", "units": "4"}])
def test_other_lags_and_sizes_are_not_judged_by_the_target_of_the_first(options, tmp_path):
    told = []
    outcome = run_system(
        load().get("lstm"), options={"lag": "100", **options}, seeds=[0], epochs=1, directory=tmp_path, verify=False,
        progress="silent", say=told.append,
    )  # fmt: skip
    assert outcome.summary.target is None and outcome.holds
    lag, units = options.get("lag", "100"), options.get("units", "8")
    assert f"(lag {lag}, units {units}) on long-lag" in told[0].en
    assert any("no target for these data and settings" in text.en for text in told)
    assert "There is no target for these data and settings" in outcome.report.read_text(encoding="utf-8")


def test_the_first_lag_and_size_are_judged():
    recipe = recipe_of("networks", "lstm")
    assert recipe.with_choices({"lag": "500", "units": "8"}).targets == {"long-lag": 0.95}


@pytest.mark.parametrize(("lang", "none"), [("en", "none"), ("zh", "无")])
def test_the_help_says_which_choices_have_a_target(lang, none, capsys):
    with pytest.raises(SystemExit):
        main(["run", "lstm", "--help", "--lang", lang])
    out = " ".join(capsys.readouterr().out.split())
    assert "long-lag (≥ 0.95)" in out and f"long-lag ({none})" in out
