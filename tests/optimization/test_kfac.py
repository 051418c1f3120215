"""K-FAC: its factors by other routes, its step beside the dense Fisher matrix, its state, what it leaves alone."""

import copy
import gc
import math
import weakref

import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.optimization import KFAC, kronecker_step
from gradus.optimization.kronecker_layers import patches
from gradus.training import fit

DOUBLE = torch.float64


def normal(*shape, seed=0):
    return torch.randn(*shape, dtype=DOUBLE, generator=torch.Generator().manual_seed(seed))


def labels(*shape, classes=3, seed=0):
    return torch.randint(classes, shape, generator=torch.Generator().manual_seed(seed))


def seeded(model):
    """The same weights whoever ran before."""
    for k, p in enumerate(model.parameters()):
        p.data = 0.4 * normal(*p.shape, seed=k)
    return model


def factors(model, x, likelihood="categorical", **settings):
    """The factors by weight after one forward and backward pass."""
    optimizer = KFAC(model, lr=0.0, damping=1.0, likelihood=likelihood, **{"fisher": "exact"} | settings)
    model(x).square().mean().backward()
    optimizer.step()
    state = {
        block.name + block.suffix: tuple(
            optimizer.state[block.weight][name + block.suffix] for name in ("input_factor", "output_factor")
        )
        for block in optimizer.blocks
    }
    optimizer.remove_hooks()
    model.zero_grad()
    return state


def dense_fisher(model, x, likelihood):
    """The Fisher matrix of all parameters by Jacobians of each sample."""
    parameters = {k: p.detach() for k, p in model.named_parameters()}
    J = jacrev(lambda p: functional_call(model, p, (x,)))(parameters)
    J = torch.cat([j.flatten(2) for j in J.values()], -1)  # (n, C, parameters)
    outputs = model(x).detach()
    p = outputs.softmax(-1) if likelihood == "categorical" else outputs.sigmoid()
    H = {
        "gaussian": lambda: torch.eye(p.shape[1], dtype=DOUBLE).expand(len(p), -1, -1),
        "bernoulli": lambda: torch.diag_embed(p * (1 - p)),
        "categorical": lambda: torch.diag_embed(p) - p[:, :, None] * p[:, None, :],
    }[likelihood]()
    return torch.einsum("nci,ncd,ndj->ij", J, H, J) / len(x)


def test_one_sample_is_exact():
    """With one sample a layer's Fisher matrix is its Kronecker product."""
    for likelihood in ("categorical", "bernoulli", "gaussian"):
        model, x = seeded(nn.Linear(4, 3, bias=False).double()), normal(1, 4)
        A, S = factors(model, x, likelihood)["weight"]
        torch.testing.assert_close(torch.kron(S[0], A[0]), dense_fisher(model, x, likelihood))


def test_gaussian_outputs_make_the_last_layer_exact():
    model, x = seeded(nn.Linear(4, 3, bias=False).double()), normal(50, 4)
    A, S = factors(model, x, "gaussian")["weight"]
    torch.testing.assert_close(torch.kron(S[0], A[0]), dense_fisher(model, x, "gaussian"))


def test_drawn_targets_agree_in_expectation():
    x = normal(7, 4).repeat(4000, 1)
    for likelihood in ("categorical", "bernoulli", "gaussian"):
        model = seeded(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).double())
        exact, drawn = (factors(model, x, likelihood, fisher=f) for f in ("exact", "sampled"))
        for name in exact:
            torch.testing.assert_close(drawn[name][0], exact[name][0])
            size = exact[name][1].abs().max()
            assert (drawn[name][1] - exact[name][1]).abs().max() < 6 * 2 * size / math.sqrt(len(x))


def test_loss_scale_is_that_of_the_loss():
    model, x = seeded(nn.Linear(4, 3).double()), normal(9, 4)
    one, half = factors(model, x)["weight"][1], factors(model, x, loss_scale=0.5)["weight"][1]
    torch.testing.assert_close(half, one / 2)


def test_empirical_factors_are_those_of_the_samples_gradients():
    model, x, y = seeded(nn.Linear(4, 3).double()), normal(9, 4), labels(9)
    optimizer = KFAC(model, lr=0.0, fisher="empirical")
    F.cross_entropy(model(x), y).backward()
    optimizer.step()
    residuals = model(x).detach().softmax(-1) - F.one_hot(y, 3)
    torch.testing.assert_close(optimizer.state[model.weight]["output_factor"][0], residuals.T @ residuals / 9)


CONVOLUTIONS = [
    dict(kernel_size=3, padding=1),
    dict(kernel_size=(2, 3), stride=2),
    dict(kernel_size=3, dilation=2, padding="same"),
    dict(kernel_size=4, padding="same", padding_mode="circular"),
    dict(kernel_size=3, padding=(1, 2), padding_mode="reflect", bias=False),
]


@pytest.mark.parametrize("settings", CONVOLUTIONS, ids=str)
def test_a_convolution_is_a_linear_layer_on_patches(settings):
    layer = seeded(nn.Conv2d(4, 6, **settings).double())
    x = normal(3, 4, 7, 8)
    rows = patches(layer, x)[0]
    maps = layer(x)
    product = rows @ layer.weight.flatten(1).T + (0 if layer.bias is None else layer.bias)
    torch.testing.assert_close(product, maps.movedim(1, -1).flatten(0, -2))

    def head(y):
        return y.flatten(2).mean(2)

    conv = nn.Sequential(layer, Head(head))
    A, S = factors(conv, x)["0.weight"]
    if layer.bias is not None:
        rows = torch.cat([rows, rows.new_ones(len(rows), 1)], 1)
    torch.testing.assert_close(A[0], rows.T @ rows / len(rows))
    p, T = head(maps).softmax(-1), maps[0, 0].numel()
    H = torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    # each place gets 1/T of the gradient of the mean, and there are T of them
    torch.testing.assert_close(S[0], H.mean(0) / T)


class Head(nn.Module):
    """A function as a module."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)


@pytest.mark.parametrize("kind", [nn.Conv1d, nn.Conv2d, nn.Conv3d])
def test_groups_are_convolutions_of_their_own(kind):
    dims = int(kind.__name__[4])
    layer = seeded(kind(4, 6, 2, groups=2, stride=2).double())
    parts = [kind(2, 3, 2, stride=2).double() for _ in range(2)]
    for k, part in enumerate(parts):
        part.weight.data = layer.weight.data[3 * k : 3 * k + 3]
        part.bias.data = layer.bias.data[3 * k : 3 * k + 3]

    class Apart(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList(parts)

        def forward(self, x):
            return torch.cat(
                [part(half) for part, half in zip(self.parts, x.chunk(2, 1), strict=True)], 1
            ).flatten(1)

    x = normal(3, 4, *[5] * dims)
    A, S = factors(nn.Sequential(layer, nn.Flatten()), x)["0.weight"]
    apart = factors(Apart(), x)
    for k in range(2):
        torch.testing.assert_close(A[k], apart[f"parts.{k}.weight"][0][0])
        torch.testing.assert_close(S[k], apart[f"parts.{k}.weight"][1][0])


class WrittenOut(nn.Module):
    """Multi-head attention of four linear layers."""

    def __init__(self, module):
        super().__init__()
        E, h = module.embed_dim, module.num_heads
        kdim, vdim = module.kdim, module.vdim
        self.heads = h
        self.q, self.k, self.v, self.o = (
            nn.Linear(d, E, bias=module.in_proj_bias is not None).double() for d in (E, kdim, vdim, E)
        )
        weights = (
            module.in_proj_weight.chunk(3)
            if module.in_proj_weight is not None
            else (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
        )
        for layer, w in zip((self.q, self.k, self.v), weights, strict=True):
            layer.weight.data = w.detach().clone()
        self.o.weight.data = module.out_proj.weight.detach().clone()
        if module.in_proj_bias is not None:
            for layer, b in zip((self.q, self.k, self.v), module.in_proj_bias.chunk(3), strict=True):
                layer.bias.data = b.detach().clone()
            self.o.bias.data = module.out_proj.bias.detach().clone()

    def forward(self, x):
        q, k, v = (
            layer(part).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for layer, part in zip((self.q, self.k, self.v), x, strict=True)
        )
        mixed = F.scaled_dot_product_attention(q, k, v)
        return self.o(mixed.transpose(1, 2).flatten(-2))


class Attention(nn.Module):
    """`nn.MultiheadAttention` on a triple; batch first whatever the module's own layout."""

    def __init__(self, **settings):
        super().__init__()
        self.inner = seeded(nn.MultiheadAttention(8, 2, **settings).double())

    def forward(self, x):
        if self.inner.batch_first:
            return self.inner(*x, need_weights=False)[0]
        return self.inner(*(part.transpose(0, 1) for part in x))[0].transpose(0, 1)


@pytest.mark.parametrize(
    "settings",
    [dict(batch_first=True), dict(batch_first=False), dict(batch_first=True, kdim=5, vdim=3), dict(batch_first=True, bias=False)],
    ids=str,
)  # fmt: skip
def test_attention_has_the_factors_of_its_four_layers(settings):
    module = Attention(**settings)
    kdim, vdim = settings.get("kdim", 8), settings.get("vdim", 8)
    x = (normal(2, 3, 8), normal(2, 4, kdim, seed=1), normal(2, 4, vdim, seed=2))
    ours, theirs = factors(module, x), factors(WrittenOut(module.inner), x)
    assert len(ours) == 4
    for mine, its in zip(ours.values(), theirs.values(), strict=True):
        torch.testing.assert_close(mine, its)


def test_attention_gives_what_it_gave():
    """Its result is made anew while it is watched: the same, with masks and with the weights of each head."""
    inner = Attention(batch_first=True).inner
    x = (normal(2, 3, 8), normal(2, 4, 8, seed=1), normal(2, 4, 8, seed=2))
    hidden = torch.tensor([[False] * 4, [False, True, True, False]])
    results = []

    def kept(parts):
        results.append(inner(*parts, key_padding_mask=hidden, average_attn_weights=False))
        return results[-1][0]

    model = Head(kept)
    model.inner = inner
    model(x)
    optimizer = KFAC(model)
    model(x)
    assert len(optimizer.recorder.inputs) == 4
    for plain, watched in zip(*results, strict=True):
        torch.testing.assert_close(plain, watched, rtol=0, atol=1e-15)


def test_the_step_is_the_functions():
    """The optimiser's step is that of `kronecker_step`, layer by layer."""
    model, x, y = seeded(nn.Linear(4, 3).double()), normal(20, 4), labels(20)
    p = model(x).detach().softmax(-1)
    optimizer = KFAC(model, lr=0.5, damping=0.03, fisher="exact")
    before = torch.cat([model.weight, model.bias[:, None]], 1).detach()
    F.cross_entropy(model(x), y).backward()
    gradient = torch.cat([model.weight.grad, model.bias.grad[:, None]], 1)
    optimizer.step()
    after = torch.cat([model.weight, model.bias[:, None]], 1).detach()
    # all targets, each with its probability; the mean over 3 n rows is to be a sum over the 3
    g = torch.cat([(3 * p[:, [k]]).sqrt() * (torch.eye(3, dtype=DOUBLE)[k] - p) for k in range(3)])
    a = torch.cat([x, x.new_ones(20, 1)], 1)
    torch.testing.assert_close(before - after, 0.5 * kronecker_step(a, g, gradient, 0.03))


def test_activations_in_place_change_nothing():
    def model(inplace):
        return seeded(nn.Sequential(nn.Linear(4, 6), nn.ReLU(inplace), nn.Linear(6, 3)).double())

    for fisher in ("exact", "empirical"):
        one, other = (factors(model(inplace), normal(9, 4), fisher=fisher) for inplace in (False, True))
        for name in one:
            torch.testing.assert_close(one[name], other[name], rtol=0, atol=0)


def test_averages_begin_with_the_first_and_forget():
    model, batches = seeded(nn.Linear(4, 3, bias=False).double()), [normal(5, 4, seed=s) for s in range(3)]
    optimizer = KFAC(model, lr=0.0, decay=0.6)
    for x in batches:
        model(x).sum().backward()
        optimizer.step()
    A = [x.T @ x / 5 for x in batches]
    expected = 0.6 * (0.5 * A[0] + 0.5 * A[1]) + 0.4 * A[2]
    torch.testing.assert_close(optimizer.state[model.weight]["input_factor"][0], expected)


def test_what_is_untreated_is_named_and_gets_the_plain_gradient():
    layers = [
        nn.Embedding(5, 4),
        nn.Linear(4, 4),
        nn.LayerNorm(4),
        nn.Linear(4, 4),
        nn.Linear(4, 9),
        nn.Linear(9, 3),
    ]
    model = nn.Sequential(*layers, nn.Linear(3, 3)).double()
    model[3].weight = model[1].weight
    optimizer = KFAC(seeded(model), lr=0.25, largest=8)
    shared, wide = ["1.weight", "1.bias", "3.bias"], ["4.weight", "4.bias", "5.weight", "5.bias"]
    assert sorted(optimizer.untreated) == sorted(["0.weight", "2.weight", "2.bias", *shared, *wide])
    assert optimizer.treated == ["6.weight"]
    assert "untreated" in repr(optimizer) and "2.bias" in repr(optimizer)
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    F.cross_entropy(model(labels(9, classes=5)), labels(9)).backward()
    optimizer.step()
    for name, p in model.named_parameters():
        plain = torch.equal(before[name] - 0.25 * p.grad, p.detach())
        assert plain == (name in optimizer.untreated), name


def training(model, optimizer, batches, begin=0):
    losses = []
    for x, y in batches[begin:]:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x).float(), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("rescaling", ["none", "kl", "quadratic"])
@pytest.mark.parametrize("dtype", [torch.float32, DOUBLE, torch.bfloat16])
def test_a_stored_state_goes_on_bit_for_bit(rescaling, dtype):
    def make():
        model = seeded(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)).double())
        settings = dict(momentum=0.5, factor_every=2, inverse_every=3, damping=0.1, rescaling=rescaling)
        model = model.to(dtype)
        return model, KFAC(model, **settings)

    batches = [(normal(6, 1, 4, 4, seed=s).to(dtype), labels(6, seed=s)) for s in range(7)]
    model, optimizer = make()
    training(model, optimizer, batches[:4])
    again, other = make()
    again.load_state_dict(model.state_dict())
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert training(model, optimizer, batches, 4) == training(again, other, batches, 4)
    for one, two in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, two)


def test_a_run_of_fit_resumes_exactly(tmp_path):
    data = normal(48, 4).float(), labels(48)

    def run(folder, epochs):
        model = seeded(nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Tanh(), nn.Linear(8, 3)))
        optimizer = KFAC(model, 0.1, momentum=0.5, factor_every=2, inverse_every=4, damping=0.1)
        fit(model, F.cross_entropy, data, epochs=epochs, batch_size=16, optimizer=optimizer, directory=folder,
            resume=True, progress="silent")  # fmt: skip
        return model

    whole = run(tmp_path / "whole", 4)
    run(tmp_path / "parts", 2)
    for one, two in zip(whole.parameters(), run(tmp_path / "parts", 4).parameters(), strict=True):
        assert torch.equal(one, two)


def test_the_quadratic_model_is_minimised():
    """Over the directions and the last update, with the dense Fisher matrix."""
    model = seeded(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 3)).double())
    x, y, ridge = normal(15, 3), labels(15), 0.01
    optimizer = KFAC(model, lr=1.0, damping=ridge, rescaling="quadratic", fisher="exact")
    vector = lambda values: torch.cat([v.flatten() for v in values])
    for _ in range(3):
        model.zero_grad()
        F.cross_entropy(model(x), y).backward()
        gradient = vector([p.grad for p in model.parameters()])
        last = vector([optimizer.state[p].get("update", torch.zeros_like(p)) for p in model.parameters()])
        curvature = dense_fisher(model, x, "categorical") + ridge * torch.eye(len(last), dtype=DOUBLE)
        before = vector([p.detach().clone() for p in model.parameters()])
        optimizer.step()
        slope = curvature @ (vector([p.detach() for p in model.parameters()]) - before) + gradient
        step = vector([p.detach() for p in model.parameters()]) - before
        assert abs(slope @ step) <= 1e-9 * gradient.norm() * step.norm()
        assert abs(slope @ last) <= 1e-9 * gradient.norm() * last.norm()


def test_the_trust_region_is_kept():
    """Steps that reach beyond it are shortened until η² Σ ∇·d is the limit; others are not."""
    for lr in (10.0, 1e-3):
        model, x, y = seeded(nn.Linear(4, 3).double()), normal(20, 4), labels(20)
        moved = []
        for rescaling in ("none", "kl"):
            before = seeded(model).weight.detach().clone()
            optimizer = KFAC(model, lr=lr, rescaling=rescaling, kl=0.02, fisher="exact")
            model.zero_grad()
            F.cross_entropy(model(x), y).backward()
            gradients, start = (
                [p.grad.clone() for p in model.parameters()],
                [p.detach().clone() for p in model.parameters()],
            )
            optimizer.step()
            moved.append(before - model.weight.detach())
            product = sum(
                (g * (b - p.detach())).sum()
                for g, b, p in zip(gradients, start, model.parameters(), strict=True)
            )
            optimizer.remove_hooks()
        shortened = (moved[1].norm() / moved[0].norm()).item()
        if lr == 10.0:
            assert lr * shortened * product.item() == pytest.approx(0.02)
        assert (shortened < 1) == (lr == 10.0)


def test_hooks_go_with_the_optimiser():
    model = nn.Linear(2, 2)
    KFAC(model).remove_hooks()
    assert not model._forward_hooks and not model._forward_pre_hooks
    optimizer = KFAC(model)
    recorder = weakref.ref(optimizer.recorder)
    del optimizer
    gc.collect()
    assert recorder() is None
    model(torch.ones(1, 2))


REFUSED = [
    (lambda: KFAC(nn.LayerNorm(3)), "a linear layer, a convolution or attention"),
    (lambda: KFAC(nn.Linear(2, 2), likelihood="poisson"), "likelihood"),
    (lambda: KFAC(nn.Linear(2, 2), damping=-1.0), "damping"),
    (lambda: stepped(nn.Linear(2, 2).eval()), "in no forward pass"),
    (lambda: stepped(nn.Linear(2, 2), damping=0.0), "singular at damping 0; raise the damping"),
    (lambda: stepped(nn.Linear(2, 2), x=torch.full((3, 2), math.nan)), "input factor of weight is not finite"),
    (lambda: stepped(Head(lambda x: (x,)), wrap=True), "return one tensor"),
    (lambda: kronecker_step(torch.ones(3, 2), torch.ones(3, 2), torch.ones(2, 2), 0.0), "singular"),
    (lambda: kronecker_step(torch.ones(3, 2), torch.ones(3, 2), torch.ones(2, 3)), "gradient"),
]  # fmt: skip


def stepped(model, x=None, wrap=False, **settings):
    model = nn.Sequential(nn.Linear(2, 2), model) if wrap else model
    optimizer = KFAC(model, **settings)
    output = model(torch.ones(3, 2) if x is None else x)
    (output[0] if isinstance(output, tuple) else output).sum().backward()
    optimizer.step()


@pytest.mark.parametrize(("call", "words"), REFUSED, ids=[words for _, words in REFUSED])
def test_what_cannot_be_is_refused(call, words):
    with pytest.raises(GradusError, match=words):
        call()
