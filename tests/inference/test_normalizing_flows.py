"""Normalising flows: determinants against autograd, inverses in both precisions, masks, draws, compilation, refusals."""

import math

import pytest
import torch
from torch.distributions import Independent, MultivariateNormal, Normal, StudentT

from gradus.errors import GradusError
from gradus.inference import (
    AffineCoupling,
    MaskedAutoregressiveFlow,
    MaskedAutoregressiveLayer,
    NormalizingFlow,
    PlanarFlow,
    PlanarLayer,
    RealNVP,
)

MAKERS = {
    "planar": lambda d, **k: PlanarFlow(d, 5, **k),
    "realnvp": lambda d, **k: RealNVP(d, 4, hidden=(8,), **k),
    "maf": lambda d, **k: MaskedAutoregressiveFlow(d, 3, hidden=(9,), **k),
    "unlimited": lambda d, **k: MaskedAutoregressiveFlow(d, 2, hidden=(), limit=None, **k),
}
every_flow = pytest.mark.parametrize("kind", MAKERS)


def made(kind, d=3, dtype=torch.float64, seed=0, size=0.4):
    """A flow that is far from the identity."""
    torch.manual_seed(seed)
    flow = MAKERS[kind](d, dtype=dtype)
    with torch.no_grad():
        for p in flow.parameters():
            p.add_(size * torch.randn(p.shape, dtype=dtype))
    return flow


def jacobians(f, points):
    """By autograd, one a row."""
    return torch.stack([torch.autograd.functional.jacobian(f, x) for x in points.detach()])


@every_flow
def test_log_determinants_are_those_of_autograd(kind):
    flow = made(kind)
    x = torch.randn(4, 3, dtype=torch.float64)
    z, log_det = flow(x)
    J = jacobians(lambda v: flow(v)[0], x)
    torch.testing.assert_close(log_det, torch.linalg.slogdet(J)[1], rtol=0, atol=1e-12)
    back, log_back = flow.inverse(z)
    Jb = jacobians(lambda v: flow.inverse(v)[0], z)
    torch.testing.assert_close(log_back, torch.linalg.slogdet(Jb)[1], rtol=0, atol=1e-9)
    torch.testing.assert_close(log_back, -log_det, rtol=0, atol=1e-9)
    assert float((z - x).detach().abs().max(0).values.min()) > 0.01, "it moves every coordinate"
    torch.testing.assert_close(back, x, rtol=0, atol=1e-10)


@every_flow
@pytest.mark.parametrize(("dtype", "miss"), [(torch.float32, 1e-5), (torch.float64, 1e-10)])
def test_there_and_back(kind, dtype, miss):
    flow = made(kind, 4, dtype, seed=2, size=0.2)
    x = torch.randn(500, 4, dtype=dtype)
    with torch.no_grad():
        assert float((flow.inverse(flow(x)[0])[0] - x).abs().max()) < miss
        assert float((flow(flow.inverse(x)[0])[0] - x).abs().max()) < miss
        assert flow.log_prob(x).dtype == dtype


@every_flow
def test_it_integrates_to_one(kind):
    flow = made(kind, 2, size=0.3 if kind == "planar" else 0.1)
    axis = torch.linspace(-25, 25, 301, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1)
    with torch.no_grad():
        total = flow.log_prob(grid).exp().sum() * (axis[1] - axis[0]) ** 2
    assert abs(float(total) - 1) < 1e-5


@pytest.mark.slow
def test_derivatives_of_all_parameters_both_ways():
    for kind in MAKERS:
        flow = made(kind, 2)
        names = [n for n, _ in flow.named_parameters()]
        x = torch.randn(2, 2, dtype=torch.float64)

        def both(x, *values, flow=flow, names=names):
            state = dict(zip(names, values, strict=True))
            there = torch.func.functional_call(flow, state, (x,))
            call = lambda m, z: m.inverse(z)
            back = torch.func.functional_call(
                _Calls(flow, call), {f"flow.{n}": v for n, v in state.items()}, (x,)
            )
            return *there, *back

        values = [p.detach().clone().requires_grad_() for p in flow.parameters()]
        assert torch.autograd.gradcheck(both, (x.requires_grad_(), *values), atol=1e-6)


def test_second_derivatives_through_the_search():
    layer = PlanarLayer(2, dtype=torch.float64)
    torch.nn.init.normal_(layer.u)

    def back(z):
        return layer.inverse(z)[0].sum() + layer.inverse(z)[1].sum()

    assert torch.autograd.gradgradcheck(back, torch.randn(2, 2, dtype=torch.float64).requires_grad_())


class _Calls(torch.nn.Module):
    def __init__(self, flow, call):
        super().__init__()
        self.flow, self.call = flow, call

    def forward(self, x):
        return self.call(self.flow, x)


def test_one_pass_is_the_sequence_of_conditionals():
    layer = made("maf", 4).layers[0]
    z = torch.randn(6, 4, dtype=torch.float64)
    x = torch.zeros_like(z)
    for i in range(4):  # in a loop of our own, a coordinate at a time
        s, t = layer._scales(x)
        x = x.clone()
        x[:, i] = z[:, i] * s[:, i].exp() + t[:, i]
    torch.testing.assert_close(layer.inverse(z)[0], x, rtol=0, atol=0)
    torch.testing.assert_close(layer(x)[0], z, rtol=0, atol=1e-12)


@pytest.mark.parametrize("order", [[2, 0, 1, 3], [0, 1, 0, 1], [5, 5, 5, 5], [0, 0, 1, 4]])
def test_a_coordinate_looks_at_lower_ranks_only(order):
    torch.manual_seed(0)
    layer = MaskedAutoregressiveLayer(4, hidden=(12, 12), order=order, dtype=torch.float64)
    for p in layer.parameters():
        torch.nn.init.normal_(p)
    J = jacobians(lambda x: torch.cat(layer._scales(x)), torch.randn(1, 4, dtype=torch.float64))[0]
    o = torch.tensor(order)
    lower = (o[None, :] < o[:, None]).repeat(2, 1)
    assert bool(((J != 0) == lower).all()), "all of those, and no other"


def test_masks_of_realnvp_alternate():
    flow = RealNVP(5, 3, hidden=(4,))
    passing = [sorted(layer.passing.tolist()) for layer in flow.layers]
    assert passing == [[0, 2, 4], [1, 3], [0, 2, 4]]
    J = jacobians(lambda x: made("realnvp", 3)(x)[0], torch.randn(1, 3, dtype=torch.float64))
    assert bool((J.abs() > 1e-6).all())


def test_planar_layers_keep_their_condition_whatever_u_is():
    layer = PlanarLayer(2, dtype=torch.float64)
    for size in (-30.0, -3.0, 0.0, 5.0):  # times w: wᵀu from −150 to 25
        with torch.no_grad():
            layer.w.copy_(torch.tensor([1.0, 2.0]))
            layer.u.copy_(size * layer.w)
        u, slope = (t.detach() for t in layer.direction())
        assert float(slope) >= -1
        assert math.isclose(float(u @ layer.w.detach()), float(slope), abs_tol=1e-9)
        line = torch.linspace(-4, 4, 2001, dtype=torch.float64)[:, None] * layer.w.detach()
        along = (layer(line)[0] @ layer.w).detach()
        assert bool((along.diff() > 0).all())
        assert float((layer.inverse(layer(line)[0])[0] - line).detach().abs().max()) < (
            1e-3 if size < -9 else 1e-10
        )
    with torch.no_grad():
        layer.w.zero_()
    assert bool((layer(line)[1] == 0).all())


def test_draws_have_the_density():
    flow = made("maf", 2, size=0.2)
    x, log_prob = flow.rsample(20000, seed=1)
    torch.testing.assert_close(log_prob, flow.log_prob(x), rtol=0, atol=1e-9)
    axis = torch.linspace(-20, 20, 301, dtype=torch.float64)
    grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij"), -1).reshape(-1, 2)
    with torch.no_grad():
        weights = flow.log_prob(grid).exp() * (axis[1] - axis[0]) ** 2
    for f in (lambda v: v[:, 0], lambda v: torch.cos(v[:, 0] + v[:, 1])):
        draws, want = f(x).detach(), (weights * f(grid)).sum()
        assert abs(float(draws.mean() - want)) < 5 * float(draws.std()) / math.sqrt(20000)


def test_seeds_and_the_state_of_the_generator():
    flow = made("planar", 2)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a, b = flow.sample(4, seed=3), flow.sample(4, seed=3)
    assert torch.equal(a, b) and torch.equal(before, torch.get_rng_state())
    assert not a.requires_grad and flow.rsample(2)[0].requires_grad
    assert not torch.equal(flow.sample(4), flow.sample(4))


def test_another_base():
    base = Independent(StudentT(torch.full((2,), 5.0)), 1)
    flow = NormalizingFlow([AffineCoupling(2, hidden=(4,))], base)
    x = torch.randn(7, 2)
    torch.testing.assert_close(flow.log_prob(x), base.log_prob(x))
    assert flow.sample(3, seed=0).shape == (3, 2)
    normal = NormalizingFlow([PlanarLayer(2)], MultivariateNormal(torch.zeros(2), torch.eye(2)))
    plain = NormalizingFlow(list(normal.layers))
    torch.testing.assert_close(normal.log_prob(x), plain.log_prob(x))


def test_leading_axes_and_none():
    for kind in MAKERS:
        flow = made(kind)
        x = torch.randn(2, 5, 3, dtype=torch.float64)
        torch.testing.assert_close(flow.log_prob(x)[1, 4], flow.log_prob(x[1, 4]))
        assert flow.log_prob(x[:0]).shape == (0, 5)
        assert flow.inverse(x[0, :0])[0].shape == (0, 3)


def test_a_conditioner_of_ones_own():
    class Constant(torch.nn.Module):
        def forward(self, x):
            return torch.cat((torch.full_like(x, math.log(2.0)), torch.ones_like(x)), -1)

    layer = AffineCoupling(2, conditioner=Constant(), limit=None)
    z, log_det = layer(torch.tensor([5.0, 3.0]))
    assert z.tolist() == [5.0, 1.0] and math.isclose(float(log_det), -math.log(2), rel_tol=1e-6)
    with pytest.raises(GradusError, match="2 values a point"):
        AffineCoupling(2, conditioner=torch.nn.Identity())(torch.zeros(2))


@pytest.mark.slow
@every_flow
def test_it_compiles_without_a_break(kind):
    flow = made(kind, 2, torch.float32)
    x = torch.randn(8, 2)
    for f in (flow.log_prob, lambda z: flow.inverse(z)[0]):
        torch.testing.assert_close(
            torch.compile(f, fullgraph=True, backend="aot_eager")(x), f(x), rtol=1e-5, atol=1e-5
        )


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["planar", "realnvp", "maf"])
def test_it_learns_a_bent_density(kind):
    """Held-out mean ln p within 0.1 of the truth's, where a normal distribution misses by more than 0.3."""
    torch.manual_seed(0)
    n = 4000
    a = torch.randn(n)
    x = torch.stack((a, a**2 / 2 + 0.4 * torch.randn(n)), -1)
    truth = Normal(0.0, 1.0).log_prob(a) + Normal(a**2 / 2, 0.4).log_prob(x[:, 1])
    flow = PlanarFlow(2, 16) if kind == "planar" else MAKERS[kind](2)
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-2)
    for _ in range(600):
        batch = x[torch.randint(3000, (256,))]
        optimizer.zero_grad()
        (-flow.log_prob(batch).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        missed = float((truth[3000:] - flow.log_prob(x[3000:])).mean())
    normal = MultivariateNormal(x.mean(0), x.T.cov())
    assert missed < 0.1 < 0.3 < float((truth - normal.log_prob(x)).mean())


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: RealNVP(1), "≥ 2"),
        (lambda: AffineCoupling(2, mask=[True, True]), "not all of them alike"),
        (lambda: AffineCoupling(2, mask=[1, 0]), "booleans"),
        (lambda: MaskedAutoregressiveLayer(3, order=[0, 1]), "3 ranks"),
        (lambda: MaskedAutoregressiveLayer(2, order=[0, -1]), "order"),
        (lambda: PlanarLayer(2, dtype=torch.int64), "floating-point"),
        (lambda: RealNVP(2, hidden=64), "widths"),
        (lambda: RealNVP(2, limit=0.0), "limit"),
        (lambda: NormalizingFlow([]), "layers"),
        (lambda: NormalizingFlow([torch.nn.Linear(2, 2)]), "inverse"),
        (lambda: NormalizingFlow([PlanarLayer(2), PlanarLayer(3)]), "as many coordinates"),
        (lambda: NormalizingFlow([PlanarLayer(2)], Normal(torch.zeros(2), 1.0)), "Independent"),
        (lambda: RealNVP(2).log_prob(torch.zeros(3)), "features"),
        (lambda: RealNVP(2).log_prob(torch.tensor([0.0, math.nan])), "finite"),
        (lambda: RealNVP(2).log_prob(torch.zeros(2, dtype=torch.float64)), "float32"),
        (lambda: RealNVP(2).sample(0), "draws"),
    ],
)  # fmt: skip
def test_what_is_refused(call, said):
    with pytest.raises(GradusError, match=said):
        call()
