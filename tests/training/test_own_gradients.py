"""Models that write their gradients themselves: as PyTorch's, draw for draw; and nothing attached is passed over."""

import pytest
import torch
from torch import nn

from gradus.systems.generative.vae.net import Gradients, NegativeBound, is_plain, network
from gradus.training import Callback, fit
from gradus.training.attachments import Watch
from gradus.training.closed_form import own_gradients
from gradus.training.known_losses import mean_of_outputs

SETTINGS = {"shape": [1, 4, 4], "units": 9, "latents": 3}
IMAGES = torch.rand(20, 1, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def made(**changed):
    torch.manual_seed(1)
    return NegativeBound(network({**SETTINGS, **changed})).double()


def test_the_gradients_are_pytorchs():
    model = made()
    torch.manual_seed(5)
    outputs = model(IMAGES)
    outputs.mean().backward()
    written = [torch.full_like(p, float("nan")) for p in model.parameters()]
    torch.manual_seed(5)
    with torch.no_grad():
        found = Gradients(model.vae)(IMAGES, written)
    torch.testing.assert_close(found, outputs.detach(), rtol=1e-12, atol=1e-12)
    for p, g in zip(model.parameters(), written, strict=True):
        torch.testing.assert_close(g, p.grad, rtol=1e-11, atol=1e-12)


def run(model, **settings):
    data = (IMAGES, torch.zeros(20))
    given = {"epochs": 3, "batch_size": 8, "optimizer": "adam", "learning_rate": 1e-2, "progress": "silent"}
    return fit(model, mean_of_outputs, data, **{**given, **settings})


def test_a_run_is_the_recorded_one():
    ours, theirs = made(), made()
    a, b = run(ours), run(theirs, closed_form=False)
    for one, other in zip(a.history, b.history, strict=True):
        assert one["loss"] == pytest.approx(other["loss"], rel=1e-9)
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(p, q, rtol=1e-7, atol=1e-9)


def asked(model, loss=mean_of_outputs, example=IMAGES, precision=None):
    return own_gradients(model, loss=loss, example=example, precision=precision)


def test_whom_it_is_asked_of():
    assert asked(made()) is not None
    assert asked(made(), loss=lambda v, _: v.mean()) is None
    assert asked(made().float()) is None  # another precision than the data's
    assert asked(made(), precision=torch.bfloat16) is None
    assert asked(nn.Sequential(nn.Linear(3, 3))) is None
    assert asked(made(shape=[3, 4, 4])) is None  # colours: normal noise
    frozen = made()
    frozen.vae.encoder[1].weight.requires_grad_(False)
    assert asked(frozen) is None
    hooked = made()
    hooked.vae.decoder.register_forward_hook(lambda *_: None)
    assert asked(hooked) is None


def test_another_network_is_not_plain():
    assert is_plain(made().vae)
    for part, i, other in (
        ("encoder", 2, nn.ReLU()),
        ("decoder", 0, nn.Linear(3, 9, bias=False)),
        ("decoder", 1, nn.Identity()),
    ):
        vae = made().vae
        getattr(vae, part)[i] = other.double()
        assert not is_plain(vae)


def test_a_hook_of_a_callback_is_called():
    calls = []

    class Hooking(Callback):
        def on_step_end(self, run):
            if run.step == 1:
                run.model.vae.encoder[1].register_forward_hook(lambda *_: calls.append(run.step))

    run(made(), callbacks=(Hooking(),))
    assert len(calls) == 8  # nine steps, of which the first was made without it


CHANGES = {
    "a hook": lambda m: m[1].register_forward_hook(lambda *_: None),
    "a backward hook": lambda m: m[0].register_full_backward_hook(lambda *_: None),
    "a hook on a parameter": lambda m: m[0].weight.register_hook(lambda g: g),
    "another module": lambda m: m.__setitem__(1, nn.ReLU()),
    "one more": lambda m: m.append(nn.ReLU()),
    "another parameter": lambda m: setattr(m[0], "weight", nn.Parameter(torch.zeros(2, 2))),
    "frozen": lambda m: m[0].weight.requires_grad_(False),
    "another forward": lambda m: setattr(m[0], "forward", lambda x: x),
    "another class": lambda m: setattr(m[0], "__class__", type("Other", (nn.Linear,), {})),
    "compiled": lambda m: setattr(m, "_compiled_call_impl", lambda x: x),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_attached_or_changed_is_seen(change):
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh())
    watch = Watch(model)
    assert not watch.changed()
    model(torch.ones(1, 2)).sum().backward()
    assert not watch.changed()
    CHANGES[change](model)
    assert watch.changed()
