"""The information plane of a model's layers: whatever the layers are, with its settings, the model left as it was."""

import copy
import importlib
import math

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.theory import information_plane, measure_information


def data(n=40, d=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator), torch.randint(0, 2, (n,), generator=generator)


def test_blocks_change_nothing(monkeypatch):
    x, y = data()
    whole = information_plane(x, y, 5, -2.0, 2.0, 0.5)
    monkeypatch.setattr(importlib.import_module("gradus.theory.information_plane"), "BLOCK", 300)
    torch.testing.assert_close(information_plane(x, y, 5, -2.0, 2.0, 0.5), whole)


def test_every_layer_has_a_row_for_each_setting_and_the_model_stays():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Dropout(), nn.Linear(6, 2)).eval()
    x, y = data()
    before, out, state = copy.deepcopy(model.state_dict()), model(x), torch.random.get_rng_state()
    rows = measure_information(
        model, [(x[:30], y[:30]), (x[30:], y[30:])], bins=[4, 1000], noise=[1.0, 0.001]
    )
    assert [(r.name, r.bins) for r in rows] == [(n, k) for n in "0123" for k in (4, 1000)]
    h = model[:2](x).detach()
    low, high = float(h.min()), float(h.max())
    want = information_plane(h, y, 4, low, high, float(h.double().std(correction=0)))
    torch.testing.assert_close(rows[2].plane, want)
    assert all(float(r.plane.binned_input) == pytest.approx(math.log(40)) for r in rows if r.bins == 1000)
    assert all(float(r.plane.upper_input) <= math.log(40) + 1e-6 for r in rows)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), model.state_dict().values(), strict=True))
    assert torch.equal(out, model(x)) and torch.equal(state, torch.random.get_rng_state())
    assert not any(m._forward_hooks for m in model.modules())


class Odd(nn.Module):
    """A layer used twice, one that returns a pair, one without a row for each sample, one that overflows."""

    def __init__(self):
        super().__init__()
        self.twice, self.pair, self.total, self.much = (
            nn.Tanh(),
            nn.GRU(3, 2, batch_first=True),
            Total(),
            Much(),
        )

    def forward(self, x):
        h, _ = self.pair(self.twice(self.twice(x))[:, None])
        return h[:, 0] + self.total(x) + 0 * self.much(x).clamp(max=1.0)


class Total(nn.Module):
    def forward(self, x):
        return x.sum()


class Much(nn.Module):
    def forward(self, x):
        return x[:, :2] / 0.0


def test_what_cannot_be_measured_is_a_named_row():
    model = Odd()
    rows = {(r.name, r.call): r for r in measure_information(model, data(), bins=[5], noise=[0.1])}
    assert rows["twice", 0].plane is not None and rows["twice", 1].plane is not None
    for name in ("pair", "total", "much"):
        assert rows[name, 0].plane is None and rows[name, 0].reason.en and rows[name, 0].reason.zh


def test_settings_and_data_are_checked():
    x, y = data()
    for bad in (
        dict(bins=[3], noise=[0.1, 0.2]),
        dict(bins=[], noise=[]),
        dict(bins=3),
        dict(bins=[0], noise=[1.0]),
    ):
        with pytest.raises(GradusError):
            measure_information(nn.Tanh(), (x, y), **bad)
    with pytest.raises(GradusError):
        measure_information(nn.Dropout(), (x, y))
    with pytest.raises(GradusError):
        information_plane(x, y[:-1])


def test_a_constant_layer_knows_nothing():
    rows = measure_information(nn.Threshold(9.0, 0.0), data(), bins=[5], noise=[0.1])
    assert [float(v) for v in rows[0].plane] == pytest.approx([0.0] * 5, abs=1e-12)
