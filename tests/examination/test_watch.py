"""A watch over training loops: planted faults are named, right loops are left alone, and not a bit of the training changes."""

from __future__ import annotations

import copy
import json
import re
from functools import partial
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import nn

import gradus
import tests.examination.healthy_averages
import tests.examination.healthy_variants
import tests.examination.sick_holdings
import tests.examination.sick_steps  # noqa: F401
from gradus.catalogue import entries
from gradus.errors import GradusError
from gradus.examination.watch_gradients import Ledger
from gradus.examination.watch_kinds import KINDS
from tests.examination.digits_loop import batches, convnet, loss_of, mlp, sgd
from tests.examination.healthy_loops import HEALTHY, trained
from tests.examination.sick_loops import SICK

DOC = Path(__file__).resolve().parent.parent.parent / "docs" / "watching.md"
watch = partial(gradus.watch, report=None)


@pytest.mark.parametrize("name", SICK)
def test_a_planted_fault_is_named_with_its_step(name):
    check, by, loop = SICK[name]
    watched = loop(watch)
    found = [s for s in watched.sightings if s.verdict.check == check and s.verdict.level != "note"]
    assert found, watched.table
    assert len({s.place for s in found}) == len(found), "named twice"
    assert found[0].step <= by
    assert watched.not_checked == []
    for words in (found[0].verdict.statement, found[0].verdict.evidence):
        assert words.en and words.zh and "{" not in words.en + words.zh
    assert any(c.isdigit() for c in found[0].verdict.evidence.en) or check == "loss-detached"


@pytest.mark.parametrize("name", HEALTHY)
def test_a_right_loop_is_left_alone(name):
    watched = HEALTHY[name](watch)
    assert [s.line() for s in watched.sightings if s.verdict.level != "note"] == []
    assert watched.not_checked == []


def test_enough_is_planted_and_every_kind_is():
    assert len(SICK) >= 50 and len(HEALTHY) >= 35
    planted = {check for check, _, _ in SICK.values()}
    assert set(KINDS) - planted == {"unused"}  # a note, never more
    known = {entry.key for entry in entries()}
    assert {page for kind in KINDS.values() for page in kind.pages} <= known


def test_layers_that_take_no_part_are_noted():
    model = nn.ModuleDict({"used": mlp(), "idle": nn.Linear(3, 3)})
    with watch(model, sgd(model)) as w:
        for x, y in batches(4):
            model.zero_grad()
            loss_of(model["used"], x, y).backward()
            w._listener.scene.optimizers[0].step()
    assert {s.verdict.level for s in w.sightings} <= {"note"}


OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, 0.05, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, 1e-3),
    "adamw foreach": lambda p: torch.optim.AdamW(p, 1e-3, foreach=True),
    "adamw fused": lambda p: torch.optim.AdamW(p, 1e-3, fused=True),
    "lbfgs": lambda p: torch.optim.LBFGS(p, 0.1, max_iter=3),
}


def fifty_steps(make, watched: bool):
    torch.manual_seed(0)
    model = convnet()
    model.append(nn.Dropout(0.1))
    optimizer = make(model.parameters())
    loop = watch(model, optimizer) if watched else None
    if loop is not None:
        loop.__enter__()
    steps = 12 if isinstance(optimizer, torch.optim.LBFGS) else 50
    for x, y in batches(steps, 16):

        def closure(x=x, y=y):
            optimizer.zero_grad()
            loss = loss_of(model, x, y)
            loss.backward()
            return loss

        if isinstance(optimizer, torch.optim.LBFGS):
            optimizer.step(closure)
        else:
            closure()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    if loop is not None:
        loop.__exit__(None, None, None)
        assert loop.not_checked == [] and loop.steps == steps
    return [*model.state_dict().values(), torch.random.get_rng_state()]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_not_a_bit_of_the_training_changes(name):
    plain, watched = fifty_steps(OPTIMIZERS[name], False), fifty_steps(OPTIMIZERS[name], True)
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))


def traces(model):
    hooks = [h for m in model.modules() for h in (*m._forward_hooks.values(), *m._forward_pre_hooks.values())]
    everywhere = import_module("torch.optim.optimizer")
    return (
        len(hooks), len(everywhere._global_optimizer_pre_hooks), len(everywhere._global_optimizer_post_hooks),
        torch.autograd.backward,
    )  # fmt: skip


def test_nothing_stays_behind_after_an_exception_neither():
    model = mlp()
    before = traces(model)
    trained(watch, model, sgd(model), steps=3)
    assert traces(model) == before
    with pytest.raises(ZeroDivisionError), watch(model, sgd(model)), watch(model, sgd(model)):
        loss_of(model, *next(batches(1))).backward()
        raise ZeroDivisionError
    assert traces(model) == before


def test_a_copy_made_meanwhile_tells_nobody():
    model = mlp()
    with watch(model, sgd(model)) as w:
        other = copy.deepcopy(model)
        loss_of(other, *next(batches(1))).backward()
        assert w._listener.forwards == 0
    assert all(hook.dead for m in other.modules() for hook in m._forward_pre_hooks.values())


def test_what_fails_within_the_watch_ends_no_loop(monkeypatch):
    def broken(*_):
        raise RuntimeError("within")

    monkeypatch.setattr(Ledger, "gradients_ready", broken)
    watched = trained(watch, (model := mlp()), sgd(model), steps=3)
    assert [n.what.en for n in watched.not_checked] == ["Ledger, from step 2 on"]
    assert "within" in watched.table and watched.steps == 3


def test_it_says_what_it_saw_in_both_languages_and_as_json(capsys):
    model = mlp()
    optimizer = sgd(model)
    with gradus.watch(model, optimizer) as w:
        for x, y in batches(3):
            loss_of(model, x, y).backward()
            optimizer.step()
    printed = capsys.readouterr().out
    assert printed.startswith("step 2, fault: gradients are not zeroed") and printed.count("\n") == 1
    assert "第 2 步，故障：梯度没有清零" in w.text("zh") and printed.strip() in w.table
    assert "0.weight" in w.table and repr(w) == "3 steps watched: 1 fault, 0 warnings, 0 notes"
    found = json.loads(w.to_json())
    assert found["sightings"][0]["step"] == 2 and len(found["parameters"]) == 6
    assert w.verdicts[0].pages == ("sgd", "gradient-descent")


def test_a_watch_is_refused_what_is_none_and_entered_once():
    model = mlp()
    for arguments, name in [
        ((model.parameters(), sgd(model)), "model"),
        ((model, model), "optimizer"),
        ((model, []), "optimizer"),
    ]:
        with pytest.raises(GradusError, match=f"^{name}: expected"):
            gradus.watch(*arguments)
    for options in ({"loss": len}, {"report": 3}, {"every": 0}):
        with pytest.raises(GradusError, match=f"^{next(iter(options))}: expected"):
            gradus.watch(model, sgd(model), **options)
    with watch(model, sgd(model)) as w:
        pass
    with pytest.raises(GradusError, match="entered once"):
        w.__enter__()


def test_looks_can_be_rare():
    model = mlp()
    optimizer = sgd(model)
    with watch(model, optimizer, every=7) as w:
        for i, (x, y) in enumerate(batches(30)):
            if i < 15:
                optimizer.zero_grad()
            loss_of(model, x, y).backward()
            optimizer.step()
    (sighting,) = [s for s in w.sightings if s.verdict.check == "not-zeroed"]
    assert 16 <= sighting.step <= 21


def test_the_note_shows_what_is_measured():
    text = DOC.read_text(encoding="utf-8")
    assert f"{len(SICK)} loops with one fault each" in text and f"{len(HEALTHY)} right ones" in text
    listed = set(re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE))
    assert listed == set(KINDS)


def test_the_examples_of_the_note_run(tmp_path, capsys):
    for block in re.findall(
        r"^```python\n(.*?)^```", DOC.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    ):
        exec(block, {})
        printed = capsys.readouterr().out
        for expected in re.findall(r"# → (.*)", block):
            assert expected in printed, printed
