"""K-FAC: its step, its state, the length of its step, what it leaves alone."""

import copy
import gc
import math
import os
import pickle
import weakref

import pytest
import torch
from killed_runs import killed
from torch import nn
from torch.nn import functional as F
from watched_models import DOUBLE, Head, dense_fisher, labels, normal, seeded

from gradus.errors import GradusError
from gradus.optimization import KFAC, kronecker_step
from gradus.training import fit
from gradus.training.attachments import is_attached


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
    assert sorted(optimizer.untreated) == sorted(["2.weight", "2.bias", *shared, *wide])
    assert optimizer.treated == ["0.weight", "6.weight"]
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


@pytest.mark.parametrize("fisher", ["sampled", "exact"])
@pytest.mark.parametrize("unscaled_before", [False, True])
def test_a_scaled_loss_changes_nothing(fisher, unscaled_before):
    ends = []
    for scale in (1.0, 2.0**16):
        torch.manual_seed(0)
        model, x = torch.nn.Linear(5, 3), torch.randn(64, 5)
        optimizer, scaler = KFAC(model, fisher=fisher), torch.amp.GradScaler("cpu", init_scale=scale)
        scaler.scale(torch.nn.functional.cross_entropy(model(x), x[:, :3].argmax(1))).backward()
        if unscaled_before:
            scaler.unscale_(optimizer)
        scaler.step(optimizer)
        ends.append(model.weight.detach().clone())
    assert torch.equal(*ends)


@pytest.mark.parametrize("unscaled_before", [False, True])
def test_empirical_gradients_of_a_scaled_loss_are_refused(unscaled_before):
    model, x = torch.nn.Linear(5, 3), torch.randn(64, 5)
    optimizer, scaler = KFAC(model, fisher="empirical"), torch.amp.GradScaler("cpu")
    scaler.scale(model(x).square().mean()).backward()
    if unscaled_before:
        scaler.unscale_(optimizer)
    before = model.weight.detach().clone()
    with pytest.raises(GradusError, match="GradScaler"):
        scaler.step(optimizer)
    assert torch.equal(model.weight, before)
    optimizer.zero_grad()
    model(x).square().mean().backward()
    optimizer.step()  # without a scaler it goes on
    assert not torch.equal(model.weight, before)


@pytest.mark.parametrize("fisher", ["sampled", "exact", "empirical"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_it_steps_under_autocast(fisher, dtype):
    torch.manual_seed(0)
    model, x = (
        torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3)),
        torch.randn(64, 5),
    )
    y, optimizer, losses = x[:, :3].argmax(1), KFAC(model, lr=0.5, fisher=fisher, damping=1e-2), []
    for _ in range(10):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype):
            loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_a_watched_model_can_be_copied_and_pickled_and_the_copy_belongs_to_no_optimiser():
    layers = [nn.Linear(4, 4), nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 2, 3), nn.Flatten(), nn.Linear(4, 3)]
    model, x, y = seeded(nn.Sequential(*layers).double()), normal(8, 4), labels(8)
    optimizer = KFAC(model, damping=0.1)
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    F.cross_entropy(model(x), y).backward()
    assert optimizer.recorder.samples == 8 and is_attached(model)
    for other in copies:
        assert not is_attached(other)
        assert torch.equal(other(x), model(x).detach()) and optimizer.recorder.samples == 16
        optimizer.recorder.samples = 8
        own = KFAC(other, damping=0.1)
        F.cross_entropy(other(x), y).backward()
        assert own.recorder.samples == 8 and optimizer.recorder.samples == 8
        own.step()
    del own, optimizer
    gc.collect()
    assert not is_attached(model) and not is_attached(other)


@pytest.mark.skipif(os.name == "nt", reason="forks and kills")
def test_fit_with_average_and_clipping_goes_on_after_a_kill(tmp_path, one_thread):
    """A child process is killed in the middle of an epoch; its run, taken up, ends with the bits of the unbroken one."""

    def run(folder, callbacks=()):
        model = seeded(nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Tanh(), nn.Linear(8, 3)))
        optimizer = KFAC(model, 0.1, momentum=0.5, factor_every=2, inverse_every=3, damping=0.1)
        fitted = fit(
            model, F.cross_entropy, (normal(48, 4).float(), labels(48)), validation=(normal(9, 4, seed=5).float(), labels(9)),
            epochs=3, batch_size=8, optimizer=optimizer, clip_norm=0.3, ema=0.9, checkpoint_every=2, directory=folder,
            resume=True, callbacks=callbacks, progress="silent",
        )  # fmt: skip
        return fitted, model

    killed(run, tmp_path / "killed", step=9)
    whole, model = run(tmp_path / "whole")
    parts, again = run(tmp_path / "killed")
    assert parts.history == whole.history and parts.exact and parts.steps == 18
    for name, p in model.named_parameters():
        assert torch.equal(p, again.get_parameter(name))
        assert torch.equal(whole.averaged[name], parts.averaged[name])
        assert not torch.equal(p, whole.averaged[name])
