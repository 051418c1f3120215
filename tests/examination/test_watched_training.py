"""The watch over runs of `fit` and over a user's own loop from the command line."""

import json

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from gradus.cli.main import main
from gradus.examination import WatchTraining
from gradus.training import Callback, NonFiniteError, fit


def data(n=256):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 8, generator=generator)
    return x, (x[:, :3] + 0.1 * torch.randn(n, 3, generator=generator)).argmax(1)


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def run(model, watching, **given):
    options = {"epochs": 3, "batch_size": 32, "learning_rate": 0.1, "optimizer": "sgd", "progress": "silent"}
    return fit(model, F.cross_entropy, data(), callbacks=watching, **{**options, **given})


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("given", [{}, {"compile": "auto", "clip_norm": 10.0}, {"accumulate": 2}])
def test_a_right_run_is_heard_whole_and_raises_no_alarm(optimizer, given):
    watching = WatchTraining(report=None)
    rate = 0.1 if optimizer == "sgd" else 1e-2
    fitted = run(net(), [watching], optimizer=optimizer, learning_rate=rate, validation=data(64), **given)
    assert watching.watched.steps == fitted.steps
    assert [v.check for v in watching.watched.verdicts if v.level != "note"] == []
    assert not watching.watched.not_checked


class Unheard(Callback):
    """Wants every call to be made, and hears none."""

    every_call = True


def test_the_watch_changes_no_bit():
    runs = []
    for callback in (Unheard(), WatchTraining(report=None)):
        model = net()
        fitted = run(model, [callback], optimizer="adam", learning_rate=1e-2)
        runs.append((model.state_dict(), fitted.history))
        assert not model._forward_pre_hooks
    assert all(torch.equal(a, b) for a, b in zip(*(state.values() for state, _ in runs), strict=True))
    assert runs[0][1] == runs[1][1]


def test_a_rate_of_zero_is_named():
    seen = []
    run(net(), [WatchTraining(report=seen.append)], schedule=lambda step: 0.0)
    assert [s.verdict.check for s in seen] == ["zero-rate"]


def test_a_run_that_ends_in_an_error_is_left_without_a_hook():
    seen, model = [], net()
    with pytest.raises(NonFiniteError):
        run(model, [WatchTraining(report=seen.append)], learning_rate=300.0)
    assert any(s.verdict.check in ("diverging", "step-too-large") for s in seen)
    assert not model._forward_pre_hooks


LOOPS = """
import torch
from torch import nn
from torch.nn import functional as F


def made():
    torch.manual_seed(0)
    x = torch.randn(128, 4)
    model = nn.Linear(4, 3)
    return x, x[:, :3].argmax(1), model, torch.optim.SGD(model.parameters(), lr=0.1)


def forgets():
    x, y, model, optimizer = made()

    def train():
        for step in range(20):
            part = torch.randint(len(x), (32,))
            F.cross_entropy(model(x[part]), y[part]).backward()
            optimizer.step()

    return model, optimizer, train


def right():
    x, y, model, optimizer = made()
    return {"model": model, "loss": F.cross_entropy, "data": (x, y), "optimizer": optimizer}


def frozen_rate():
    x, y, model, optimizer = made()
    optimizer.param_groups[0]["lr"] = 0.0
    return {"model": model, "loss": F.cross_entropy, "data": (x, y), "optimizer": optimizer}


def breaks():
    x, y, model, optimizer = made()
    return model, optimizer, lambda: 1 / 0


def without():
    x, y, model, optimizer = made()
    return model, F.cross_entropy, (x, y)
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(LOOPS, "utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("mine")
def test_the_users_own_loop_is_watched(capsys):
    assert main(["examine", "mine.py:forgets", "--watch", "--strict"]) == 1
    out = capsys.readouterr().out
    assert "step 2, fault: gradients are not zeroed" in " ".join(out.split()) and "20 steps watched" in out
    assert main(["examine", "mine.py:forgets", "--watch", "--steps", "6", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["steps"] == 6 and [s["verdict"]["check"] for s in found["sightings"]] == ["not-zeroed"]


@pytest.mark.usefixtures("mine")
def test_a_model_with_its_loss_data_and_optimizer_is_stepped(capsys):
    assert main(["examine", "mine.py:right", "--watch", "--strict", "--lang", "zh", "--steps", "30"]) == 0
    assert "监视了 30 步" in capsys.readouterr().out
    assert main(["examine", "mine.py:frozen_rate", "--watch", "--strict", "--steps", "30"]) == 1
    assert "the learning rate is 0" in " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("mine")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mine.py:breaks", "--watch"], "ZeroDivisionError"),
        (["mine.py:without", "--watch"], "(model, optimizer, train)"),
        (["mine.py:right", "--watch", "--steps", "0"], "--steps"),
        (["mine.py:right", "--steps", "3"], "--watch"),
        (["mine.py:right", "--watch", "--html", "r.html"], "--html"),
    ],
)
def test_what_cannot_be_watched_is_said(words, said, capsys):
    assert main(["examine", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
