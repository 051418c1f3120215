"""Optimisers that need closures in `fit`: killed and taken up, with batches in parts, with trials that are not finite."""

import os

import pytest
import torch
from killed_runs import killed
from torch import nn
from torch.nn import functional as F
from watched_models import labels, normal, seeded

from gradus.errors import GradusError
from gradus.optimization import LBFGS, NewtonCG
from gradus.optimization.minimize.reason import Reason
from gradus.training import Callback, NonFiniteError, fit

EVERY = [
    pytest.param(LBFGS, id="lbfgs"),
    pytest.param(NewtonCG, id="hessian"),
    pytest.param(lambda p, **o: NewtonCG(p, curvature="gauss-newton", **o), id="gauss-newton"),
]


def run_of(kind, dropout=0.2):
    def run(folder, callbacks=(), **settings):
        model = seeded(nn.Sequential(nn.Linear(4, 8), nn.Dropout(dropout), nn.Tanh(), nn.Linear(8, 3)))
        optimizer = kind(model.parameters(), iterations=2)
        settings = dict(epochs=3, batch_size=16, ema=0.9, checkpoint_every=2) | settings
        fitted = fit(
            model, F.cross_entropy, (normal(48, 4).float(), labels(48)), optimizer=optimizer, directory=folder, resume=True,
            callbacks=callbacks, progress="silent", **settings,
        )  # fmt: skip
        return fitted, model, optimizer

    return run


@pytest.mark.skipif(os.name == "nt", reason="forks and kills")
@pytest.mark.parametrize("kind", EVERY)
def test_fit_goes_on_after_a_kill(kind, tmp_path, one_thread):
    """With fixed batches and dropout, whose noise is one for all evaluations of a step."""
    run = run_of(kind)
    killed(run, tmp_path / "killed", step=5)
    fitted, model, optimizer = run(tmp_path / "whole")
    resumed, again, other = run(tmp_path / "killed")
    assert resumed.exact and fitted.steps == 9 and fitted.history[-1]["loss"] < fitted.history[0]["loss"]
    assert [row["loss"] for row in fitted.history] == [row["loss"] for row in resumed.history]
    for name, p in model.named_parameters():
        assert torch.equal(p, again.get_parameter(name))
        assert torch.equal(fitted.averaged[name], resumed.averaged[name])
    assert repr(optimizer.state_dict()) == repr(other.state_dict())


@pytest.mark.parametrize("kind", EVERY)
def test_fit_gives_a_whole_batch_in_parts(kind):
    """The loss of accumulated batches, products with its curvature too, are those of the batch."""
    run = run_of(kind, dropout=0.0)
    (_, one, _), (_, parts, _) = (run(None, batch_size=48 // n, accumulate=n, ema=None) for n in (1, 3))
    for p, q in zip(one.parameters(), parts.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-3, atol=1e-4)


class Domain(nn.Module):
    """log w x, not a number where w is below 0."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([0.1]))

    def forward(self, x):
        return (self.weight * x).log()


@pytest.mark.parametrize("kind", EVERY)
def test_fit_goes_on_where_a_trial_is_not_finite(kind):
    seen = []

    class Evaluations(Callback):
        def on_step_end(self, run):
            seen.append(run.optimizer.reason)

    model, x = Domain(), torch.linspace(0.5, 2.0, 20)[:, None]
    target = torch.full_like(x, -6.0)
    optimizer = kind(model.parameters(), iterations=30)
    fit(model, F.mse_loss, (x, target), epochs=3, batch_size=20, optimizer=optimizer, callbacks=[Evaluations()],
        progress="silent")  # fmt: skip
    expected = torch.exp((target - x.log()).mean())
    torch.testing.assert_close(model.weight.detach()[0], expected, rtol=1e-3, atol=0)
    assert Reason.NOT_FINITE not in seen
    with torch.no_grad():
        model.weight.fill_(-1.0)
    with pytest.raises(NonFiniteError):
        fit(model, F.mse_loss, (x, target), epochs=1, optimizer=kind, progress="silent")


def test_fit_refuses_what_spoils_a_search():
    run = run_of(LBFGS)
    for settings in (dict(clip_norm=1.0), dict(schedule="cosine")):
        with pytest.raises(GradusError, match=f"{next(iter(settings))}: expected None"):
            run(None, **settings)
