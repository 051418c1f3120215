"""Slices, planes and curves of the loss against plain loops, for layers of every kind; models stay as they are."""

import copy

import pytest
import torch
from differentiated_models import MODELS, example, normal
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from gradus.errors import GradusError
from gradus.theory import connect_modes, loss_along, loss_slice, normalize_direction, random_direction

GRID = torch.linspace(-1, 1, 5, dtype=torch.float64)


def moved(model, *terms):
    """A copy of the model, its parameters moved along directions."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        for name, p in other.named_parameters():
            for factor, direction in terms:
                p += factor * direction[name]
    return other


@pytest.mark.parametrize("name", list(MODELS))
def test_slices_are_losses_of_moved_models_whatever_the_batches(name):
    model, x, _ = example(name, 5)
    with torch.no_grad():
        y = normal(*model(x).shape, seed=7)
    d = random_direction(model, vectors="whole", seed=3)
    with torch.no_grad():
        want = torch.stack([mse_loss(moved(model, (float(a), d))(x), y) for a in GRID])
    whole = loss_slice(model, mse_loss, (x, y), d, GRID, together=1)
    batches = [(x[:2], y[:2]), (x[2:], y[2:])]
    assert torch.allclose(whole, want, rtol=1e-10)
    assert torch.allclose(loss_slice(model, mse_loss, batches, d, GRID), want, rtol=1e-10)


def test_a_plane_has_its_first_axis_first():
    model, x, _ = example("dense")
    y = torch.arange(5) % 3
    d, e = (random_direction(model, seed=s) for s in (0, 1))
    plane = loss_slice(model, cross_entropy, (x, y), d, GRID, e, GRID[:3])
    with torch.no_grad():
        corner = cross_entropy(moved(model, (float(GRID[4]), d), (float(GRID[0]), e))(x), y)
    assert plane.shape == (5, 3)
    assert torch.allclose(plane[4, 0], corner, rtol=1e-10)


def filters(name, weight, model):
    """Every filter as a row, by hand."""
    owner = model.get_submodule(name.rpartition(".")[0])
    if isinstance(owner, nn.ConvTranspose1d):
        parts = weight.chunk(owner.groups)
        return torch.cat([part.movedim(1, 0).flatten(1) for part in parts])
    return weight.flatten(1)


@pytest.mark.parametrize(
    "model",
    [
        nn.Linear(4, 3),
        nn.Conv2d(4, 6, 3, groups=2),
        nn.ConvTranspose1d(4, 6, 3, groups=2),
        nn.Embedding(5, 3, padding_idx=1),
        nn.LSTM(3, 2),
        nn.MultiheadAttention(4, 2),
    ],
    ids=lambda m: type(m).__name__,
)
def test_every_filter_has_its_length_and_biases_stay(model):
    d = random_direction(model, seed=5)
    for name, p in model.named_parameters():
        if p.dim() < 2:
            assert not d[name].any()
        else:
            lengths = [filters(name, v.detach(), model).norm(dim=1) for v in (d[name], p)]
            assert torch.allclose(*lengths, rtol=1e-5)
    first = next(name for name, p in model.named_parameters() if p.dim() > 1)
    raw = {name: torch.ones_like(p) for name, p in model.named_parameters()}
    layer = normalize_direction(model, raw, normalize="layer")[first]
    assert torch.allclose(layer.norm(), model.get_parameter(first).norm())
    assert layer.unique().numel() == 1  # one factor for all filters
    assert torch.equal(normalize_direction(model, raw, normalize="none")[first], raw[first])


def test_norm_layers_stay_whatever_the_shape_of_their_weights():
    model = nn.Sequential(nn.LayerNorm((2, 3)), nn.BatchNorm1d(2), nn.GroupNorm(1, 2))
    assert not any(v.any() for v in random_direction(model).values())
    whole = random_direction(model, vectors="whole")["0.weight"]
    assert whole.norm() == pytest.approx(6**0.5)


def test_frozen_parameters_have_no_direction_and_stay():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    model[0].requires_grad_(False)
    d = random_direction(model)
    assert set(d) == {"2.weight", "2.bias"}
    x, y = torch.randn(4, 2), torch.randn(4, 1)
    got = loss_slice(model, mse_loss, (x, y), d, torch.tensor([0.0, 0.5]))
    with torch.no_grad():
        assert float(got[0]) == pytest.approx(float(mse_loss(model(x), y)), rel=1e-6)


def trained_part():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))


@pytest.mark.parametrize("inference", [False, True])
def test_a_model_is_left_as_it_was(inference):
    model, x, y = trained_part(), torch.randn(9, 3), torch.arange(9) % 2
    model(x)
    model.eval()
    model[0].weight.grad = torch.ones(8, 3)
    model[1].momentum = 0.3
    other = copy.deepcopy(model)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    generator = torch.get_rng_state()
    data, states = [(x[:4], y[:4]), (x[4:], y[4:])], [model.state_dict(), other.state_dict()]
    with torch.inference_mode(inference):
        loss_slice(
            model, cross_entropy, data, random_direction(model), torch.tensor([0.0, 1.0]), norm_data=data
        )
        loss_along(model, cross_entropy, data, states, torch.tensor([0.5]), norm_data=[x])
        connect_modes(model, cross_entropy, data, *states, steps=2)
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generator)
    assert not any(m.training for m in model.modules()) and model[1].momentum == 0.3
    assert torch.equal(model[0].weight.grad, torch.ones(8, 3)) and model[4].weight.grad is None


def test_statistics_anew_are_those_of_update_bn():
    """At every point of the path as `torch.optim.swa_utils.update_bn` makes them; the old ones give another loss."""
    x, y = torch.randn(30, 3), torch.arange(30) % 2
    nets = [trained_part(), trained_part()]
    with torch.no_grad():
        nets[1][0].weight.neg_()
    for net in nets:
        torch.optim.swa_utils.update_bn([x], net)
        net.eval()
    batches = [x[:10], x[10:20], x[20:]]
    states = [net.state_dict() for net in nets]
    got = loss_along(nets[0], cross_entropy, (x, y), states, torch.tensor([0.25]), norm_data=batches)
    middle = copy.deepcopy(nets[0])
    with torch.no_grad():
        for name, p in middle.named_parameters():
            p.copy_(0.75 * states[0][name] + 0.25 * states[1][name])
    torch.optim.swa_utils.update_bn(batches, middle.train())
    with torch.no_grad():
        want = cross_entropy(middle.eval()(x), y)
    assert float(got.losses) == pytest.approx(float(want), rel=1e-5)
    stale = loss_along(nets[0], cross_entropy, (x, y), states, torch.tensor([0.25]))
    assert abs(float(stale.losses) - float(want)) > 0.01


def test_between_two_networks_stale_statistics_make_a_barrier_of_their_own():
    """Of two nets whose units are other ones the mean unit has less variance than either's: the statistics shrink its signal."""
    torch.manual_seed(0)
    x = torch.randn(2000, 20)
    net = nn.Sequential(nn.Linear(20, 200, bias=False), nn.BatchNorm1d(200, affine=False))
    states = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        nn.init.normal_(net[0].weight)
        torch.optim.swa_utils.update_bn([x], net)
        states.append({k: v.clone() for k, v in net.state_dict().items()})
    net.eval()
    variance = lambda f, y: f.var(0, unbiased=False).mean()
    look = dict(points=states, t=torch.tensor([0.5]))
    stale = loss_along(net, variance, (x, x), **look)
    fresh = loss_along(net, variance, (x, x), **look, norm_data=[x])
    assert float(stale.losses) == pytest.approx(0.5, abs=0.05) and float(fresh.losses) == pytest.approx(
        1, abs=1e-3
    )


class Choosy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, x):
        f = self.layer(x)
        return f if f.sum() > 0 else 2 * f


def test_what_cannot_be_batched_is_evaluated_point_by_point():
    model, x = Choosy().double(), torch.ones(3, 3).double()
    d = random_direction(model, vectors="whole")
    with torch.no_grad():
        want = torch.stack([mse_loss(moved(model, (float(a), d))(x), x[:, :1]) for a in GRID])
    assert torch.allclose(loss_slice(model, mse_loss, (x, x[:, :1]), d, GRID), want)


def test_a_sum_and_a_mean_differ_by_the_samples():
    model, x, _ = example("dense")
    y = torch.arange(5) % 3
    d = random_direction(model)
    total = loss_slice(
        model, nn.CrossEntropyLoss(reduction="sum"), [(x[:2], y[:2]), (x[2:], y[2:])], d, GRID, mean=False
    )
    assert torch.allclose(total, 5 * loss_slice(model, cross_entropy, (x, y), d, GRID))


def test_a_trained_curve_is_low_where_the_straight_line_is_not():
    """Two nets with the same units in other orders: a barrier on the line, hardly one on the curve and the polygon."""
    torch.manual_seed(0)
    x = torch.randn(200, 2)
    y = (x[:, :1] * x[:, 1:]).sign()
    net = nn.Sequential(nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 1))
    optimizer = torch.optim.Adam(net.parameters(), 0.03)
    for _ in range(150):
        optimizer.zero_grad()
        mse_loss(net(x), y).backward()
        optimizer.step()
    start = {k: v.clone() for k, v in net.state_dict().items()}
    order = torch.arange(12).roll(1)
    end = {"0.weight": start["0.weight"][order], "0.bias": start["0.bias"][order], "2.weight": start["2.weight"][:, order], "2.bias": start["2.bias"]}  # fmt: skip
    t = torch.linspace(0, 1, 21)
    line = loss_along(net, mse_loss, (x, y), [start, end], t)
    assert float(line.barrier) > 0.3 and float(line.ends[0]) == pytest.approx(float(line.ends[1]), rel=1e-5)
    for kind in ("bezier", "polygon"):
        path = connect_modes(net, mse_loss, (x, y), start, end, kind=kind, steps=150, lr=0.03)
        found = loss_along(net, mse_loss, (x, y), path, t, kind=kind)
        assert float(found.barrier) < 0.4 * float(line.barrier), kind
        assert torch.equal(path[0]["0.weight"], start["0.weight"]) and torch.equal(
            path[2]["0.weight"], end["0.weight"]
        )


def test_a_polygon_passes_through_its_points():
    model = nn.Linear(1, 1, bias=False)
    points = [{"weight": torch.tensor([[w]])} for w in (0.0, 1.0, 5.0, 2.0)]
    data = (torch.ones(1, 1), torch.zeros(1, 1))
    look = dict(data=data, points=points, t=torch.tensor([0, 1 / 3, 0.5, 2 / 3, 1]))
    weights = loss_along(model, lambda f, y: f.mean(), **look, kind="polygon").losses
    assert torch.allclose(weights, torch.tensor([0, 1, 3.0, 5, 2]), atol=1e-5)
    curve = loss_along(model, lambda f, y: f.mean(), **look).losses
    assert float(curve[2]) == pytest.approx((3 * 1 + 3 * 5 + 2) / 8)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m, d, x, y: loss_slice(m.train(), mse_loss, (x, y), d, GRID), "Dropout 1 in training mode"),
        (lambda m, d, x, y: loss_slice(m, mse_loss, (x, y), {"0.weight": d["0.weight"]}, GRID), "0.bias"),
        (lambda m, d, x, y: loss_slice(m, mse_loss, (x, y), d | {"0.bias": torch.ones(3)}, GRID), "0.bias"),
        (lambda m, d, x, y: loss_slice(m, mse_loss, (x, y), d | {"0.bias": d["0.bias"] / 0}, GRID), "0.bias"),
        (lambda m, d, x, y: loss_slice(m, mse_loss, (x, y), d, GRID, d), "b: "),
        (lambda m, d, x, y: loss_slice(m, mse_loss, [], d, GRID), "at least one batch"),
        (lambda m, d, x, y: loss_slice(m, mse_loss, (x, y), d, GRID, norm_data=[]), "norm_data"),
        (lambda m, d, x, y: loss_slice(m, lambda f, t: f, (x, y), d, GRID), "one number"),
        (lambda m, d, x, y: loss_slice(m, lambda f, t: f.sum(), [(x, y), (x, y)], d, GRID), "mean over the samples"),
        (lambda m, d, x, y: loss_along(m, mse_loss, (x, y), [m.state_dict()], GRID.abs()), "two state dicts"),
        (lambda m, d, x, y: loss_along(m, mse_loss, (x, y), [m.state_dict(), {}], GRID.abs()), r"points\[1\]"),
        (lambda m, d, x, y: loss_along(m, mse_loss, (x, y), [m.state_dict()] * 2, GRID), "0 to 1"),
        (lambda m, d, x, y: connect_modes(m, mse_loss, iter([(x, y)]), m.state_dict(), m.state_dict()), "gone through again"),
        (lambda m, d, x, y: connect_modes(m, lambda f, t: f.sum() / 0, (x, y), m.state_dict(), m.state_dict()), "finite loss"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(change, words):
    model = nn.Sequential(nn.Linear(3, 1), nn.Dropout()).eval()
    x, y = torch.ones(4, 3), torch.zeros(4, 1)
    with pytest.raises(GradusError, match=words):
        change(model, random_direction(model), x, y)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: nn.LazyLinear(1), "call it once on a batch"),
        (lambda: nn.DataParallel(nn.Linear(3, 1)), "give model.module"),
        (lambda: torch.jit.trace(nn.Linear(3, 1), torch.ones(1, 3)), "one in Python"),
    ],
)
def test_a_model_that_cannot_be_lent_is_refused(model, words):
    x, y = torch.ones(4, 3), torch.zeros(4, 1)
    for call in (
        lambda m: random_direction(m),
        lambda m: loss_slice(m, mse_loss, (x, y), {}, GRID),
        lambda m: loss_along(m, mse_loss, (x, y), [{}, {}], GRID.abs()),
        lambda m: connect_modes(m, mse_loss, (x, y), {}, {}),
    ):
        with pytest.raises(GradusError, match=words):
            call(model())


def test_sparse_gradients_and_weights_that_a_layer_moves():
    model = nn.Sequential(nn.Embedding(9, 4, sparse=True, max_norm=1.0), nn.Flatten(), nn.Linear(12, 2))
    x, y = torch.arange(18).reshape(6, 3) % 9, torch.randn(6, 2)
    before = {k: v.clone() for k, v in model.state_dict().items()}
    path = connect_modes(model, mse_loss, (x, y), model.state_dict(), model.state_dict(), steps=3)
    loss_slice(model, mse_loss, (x, y), random_direction(model), torch.tensor([0.0, 1.0]))
    assert all(torch.equal(v, before[k]) for k, v in model.state_dict().items())
    assert not torch.equal(path[1]["2.weight"], before["2.weight"])
