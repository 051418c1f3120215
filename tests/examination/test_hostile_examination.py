"""Whatever a module does, the examination ends in time with a report, and the module is as it was."""

import time
from types import SimpleNamespace

import pytest
import torch
from hostile_modules import HOSTILE, assert_same, state_of
from torch import nn
from torch.nn import functional as F

from gradus import examine
from gradus.examination.step_checks import twins

X = torch.linspace(-1, 2, 96).reshape(24, 4)
Y = torch.arange(24) % 4
BUDGET = 3.0
ENDLESS = ("loops", "loops and catches", "grows", "recurses")  # they take all the time that they are given
IN_THE_ORDINARY_RUN = (
    "raises", "exits", "loops", "mutates its input", "edits itself", "random", "lazy", "complex", "half", "meta",
    "steps within", "None", "names beyond ASCII", "contains itself", "gradients are left", "tuple",
)  # fmt: skip
HEAVY = ("compiled", "5,000 sub-modules")


def marked(name):
    return name if name in IN_THE_ORDINARY_RUN else pytest.param(name, marks=pytest.mark.slow)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [marked(n) for n in HOSTILE])
def test_the_report_ends_and_the_module_is_as_it_was(name):
    torch.manual_seed(0)
    m = HOSTILE[name]()
    x, y = (X.half() if name == "half" else X.clone()), Y.clone()
    bits, before, begun = x.clone(), state_of(m), time.monotonic()
    budget = 30.0 if name in HEAVY else 0.8 if name in ENDLESS else BUDGET
    found = examine(m, F.cross_entropy, (x, y), held_out=(x[:8].clone(), y[:8].clone()), budget=f"{budget}s")
    assert len(found.sections) == 10
    assert time.monotonic() - begun < 1.1 * budget + 30  # and what the machine's other work takes
    assert torch.equal(x, bits) and not x.requires_grad
    if before is not None:
        assert_same(before, state_of(m))
    assert found.table and found.to_json()
    for left in found.not_checked:
        assert left.reason.en and left.reason.zh and "Traceback" not in left.reason.en


def test_there_are_more_than_forty_kinds():
    assert len(HOSTILE) >= 50 and set(IN_THE_ORDINARY_RUN) <= set(HOSTILE)


def test_outputs_are_the_same_bits_before_and_after():
    torch.manual_seed(0)
    m = torch.nn.Sequential(
        torch.nn.Linear(4, 8),
        torch.nn.BatchNorm1d(8),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(8, 4),
    )
    optimizer = torch.optim.Adam(m.parameters(), lr=0.01)
    F.cross_entropy(m(X), Y).backward()
    optimizer.step()
    before = state_of(m)
    moments = {k: v["exp_avg"].clone() for k, v in optimizer.state_dict()["state"].items()}
    state = torch.get_rng_state()
    one = m(X)
    torch.set_rng_state(state)
    m.load_state_dict(before[0])
    examine(m, F.cross_entropy, (X, Y), optimizer=optimizer, budget="20s")
    assert torch.equal(state, torch.get_rng_state())
    assert_same(before, state_of(m))
    assert all(torch.equal(v, optimizer.state_dict()["state"][k]["exp_avg"]) for k, v in moments.items())
    assert torch.equal(one, m(X))


def test_a_training_loop_between_is_the_same_to_the_bit():
    """The loader's shuffling draws from the global generator, which the examination leaves alone."""

    def run(examined):
        torch.manual_seed(3)
        m = torch.nn.Linear(4, 4)
        optimizer = torch.optim.SGD(m.parameters(), lr=0.1)
        data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=8, shuffle=True)
        for epoch in range(3):
            for x, y in data:
                optimizer.zero_grad()
                F.cross_entropy(m(x), y).backward()
                optimizer.step()
            if examined and epoch == 1:
                examine(
                    m, F.cross_entropy, data, optimizer=optimizer, sections=["outputs", "gradients", "step"]
                )
        return m.weight.detach()

    assert torch.equal(run(False), run(True))


@pytest.mark.parametrize("kind", [torch.optim.LBFGS, torch.optim.Adam])
def test_an_optimiser_is_copied_with_what_its_state_leaves_out(kind):
    """L-BFGS keeps its list of parameters beside the state that PyTorch copies."""
    model = nn.Linear(3, 2)
    optimizer = kind(model.parameters(), lr=0.1)
    before = model.weight.detach().clone()
    model_copy, copied = twins(SimpleNamespace(model=model, optimizer=optimizer))

    def closure():
        copied.zero_grad()
        loss = model_copy(torch.ones(4, 3)).square().sum()
        loss.backward()
        return loss

    copied.step(closure)
    assert not torch.equal(model_copy.weight, before) and torch.equal(model.weight, before)
