"""The compiled step: the same run up to rounding, and a way back where it cannot be had."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from small_run import StopAt, Stopped, data, digest, model, train

from gradus import GradusError
from gradus.training import Callback, GradientNorms, NonFiniteError, compiled

needs_compiler = pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="no C++ compiler"
)


def close(left: torch.nn.Module, right: torch.nn.Module) -> None:
    for a, b in zip(left.state_dict().values(), right.state_dict().values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@needs_compiler
@pytest.mark.parametrize("optimizer", ["adam", pytest.param("nesterov", marks=pytest.mark.slow)])
def test_it_computes_what_the_eager_step_does(optimizer: str) -> None:
    nets = [model("linear") for _ in range(2)]
    norms = GradientNorms(every=4)  # every fourth step is eager: the two kinds take turns on one state
    for net, compile in zip(nets, (False, True), strict=True):
        fitted = train(
            net, compile=compile, optimizer=optimizer, schedule="cosine", clip_norm=0.5, callbacks=[norms]
        )
    close(*nets)
    assert len(norms.rows) == 5 and fitted.steps == 18


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adamw"])
def test_batch_norm_and_channels_last(optimizer: str) -> None:
    nets = [model("norm") for _ in range(2)]
    for net, compile in zip(nets, (False, True), strict=True):
        net[0].bias = None  # before batch norm its gradient is rounding noise, which Adam would blow up
        train(net, compile=compile, optimizer=optimizer, validation=data())
    close(*nets)


@needs_compiler
@pytest.mark.slow
def test_a_compiled_run_resumes_exactly(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"compile": True, "checkpoint_every": 4, "schedule": "cosine", "ema": 0.9}
    train(model("norm dropout"), tmp_path / "whole", **settings)
    with pytest.raises(Stopped):
        train(model("norm dropout"), tmp_path / "cut", callbacks=[StopAt(9)], **settings)
    train(model("norm dropout", seed=9), tmp_path / "cut", resume=True, **settings)
    assert digest(tmp_path / "cut") == digest(tmp_path / "whole")


@needs_compiler
@pytest.mark.slow
def test_a_nan_is_noticed_before_the_update() -> None:
    inputs, targets = data()
    inputs[50] = float("nan")
    net = model("linear")
    with pytest.raises(NonFiniteError, match="the inputs of the batch"):
        train(net, compile=True, data=(inputs, targets))
    assert all(torch.isfinite(p).all() for p in net.parameters())


def broken(*arguments: Any, **named: Any) -> Any:
    def call(*rest: Any) -> Any:
        raise RuntimeError("no working C++ compiler\nand forty more lines")

    return call


def test_without_a_compiler_auto_falls_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiled.torch, "compile", broken)
    nets = [model("linear") for _ in range(2)]
    train(nets[0], compile="auto", progress="plain")
    said = [line for line in capsys.readouterr().err.splitlines() if "not compiled" in line]
    assert said == ["the step is not compiled: RuntimeError: no working C++ compiler"]
    train(nets[1])
    close(*nets)
    with pytest.raises(GradusError, match="cannot compile the step"):
        train(model("linear"), compile=True)


@pytest.mark.parametrize(
    ("settings", "why"), [({"accumulate": 2}, "accumulated"), ({"optimizer": "rmsprop"}, "RMSprop")]
)
def test_what_cannot_be_compiled_is_said(
    settings: dict[str, Any], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    train(model("linear"), compile=True, progress="plain", **settings)
    assert f"not compiled: {why}" in capsys.readouterr().err.replace("gradients are ", "")


def test_callbacks_may_watch_every_gradient() -> None:
    class Watch(Callback):
        seen = 0

        def on_gradients(self, run: Any) -> None:
            self.seen += all(p.grad is not None for p in run.model.parameters())

    watch = Watch()
    train(model("linear"), compile=True, callbacks=[watch])
    assert watch.seen == 18
