"""`gradus explain`: a kind example of the page, or the user's own function and input; mistakes in one line."""

import inspect
import re

import numpy as np
import pytest

from gradus import GradusError
from gradus.catalogue import load
from gradus.cli.explaining import arguments_of, examples
from gradus.cli.main import main

MINE = """
import numpy as np
import torch
from torch import nn

logits = np.array([1.0, 2.0])
as_list = [1.0, 2.0, 3.0]
tensor = torch.tensor([1.0, 2.0])
arguments = (np.ones((2, 2)), np.eye(2), np.ones((2, 1)))
named = dict(V=np.ones((2, 1)), Q=np.ones((2, 2)), K=np.eye(2))
batch = dict(y=torch.zeros(2), x=torch.ones(2, 3))
rows = torch.ones(2, 3)
alone = dict(x=torch.ones(2))
model = nn.Linear(3, 2)

def made():
    return (np.array([0.5, -0.5]),)

def broken():
    raise ValueError("no data")

def loss(x, y):
    return (model(x).mean(0) - y).pow(2).sum()

def lse(x):
    with torch.no_grad():
        m = x.max()
    return m + (x - m).exp().sum().log()

def endless(x):
    while True:
        x = x * 1.0

def leaves(x):
    raise SystemExit(0)

def only(*, x):
    return x

class Model(nn.Module):
    pass
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def output(capsys, *words):
    assert main(["explain", *words]) == 0
    return capsys.readouterr().out


def test_a_users_function(capsys, mine):
    out = output(capsys, "mine.py:lse", "--input", "mine.py:tensor")
    assert "x = (1, 2)" in out and "(0.2689, 0.7311)" in out and "−0.2689" not in out


def test_a_users_module_and_arguments_by_name(capsys, mine):
    out = output(capsys, "mine.py:loss", "--input", "mine.py:batch", "--output", "loss.svg")
    assert "∂/∂weight" in out and "wrote loss.svg" in out
    assert "∂/∂weight" in output(capsys, "mine.py:model", "--input", "mine.py:rows")


@pytest.mark.parametrize("name", ["logits", "tensor", "made", "as_list"])
def test_a_page_on_the_users_input(capsys, mine, name):
    first = {"made": "(0.5, −0.5)", "as_list": "(1, 2, 3)"}.get(name, "(1, 2)")
    assert f"z = {first}" in output(capsys, "softmax", "--input", f"mine.py:{name}")


@pytest.mark.parametrize("name", ["arguments", "named"])
def test_several_arguments(capsys, mine, name):
    out = output(capsys, "attention", "--input", f"mine.py:{name}")
    assert "Q = ((1, 1), (1, 1))" in out and "K = ((1, 0), (0, 1))" in out


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["mine.py:loss"], "--input FILE.py:name"),
        (["mine.py:loss", "--input", "mine.py:tensor"], "does not fit the arguments (x, y): missing a required argument: 'y'"),
        (["attention", "--input", "mine.py:logits"], "does not fit the arguments (Q, K, V, causal, scale)"),
        (["softmax", "--input", "mine.py:nothing"], "defines no 'nothing'"),
        (["softmax", "--input", "logits"], "expected FILE.py:"),
        (["softmax", "--input", "mine.py:broken"], "mine.py:broken raised ValueError: no data (mine.py, line"),
        (["mine.py:Model", "--input", "mine.py:tensor"], "is a class"),
        (["mine.py:leaves", "--input", "mine.py:tensor"], "leaves raised SystemExit: 0 (mine.py, line"),
        (["mine.py:only", "--input", "mine.py:alone"], "expected arguments that can be given by position"),
        (["mine.py:endless", "--input", "mine.py:tensor", "--time-limit", "0.3"], "still running after 0.3 s, at mine.py, line"),
        (["softmax", "--time-limit", "-1"], "time_limit=-1.0"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(capsys, mine, words, reason):
    assert main(["explain", *words]) == 2
    error = capsys.readouterr().err
    assert reason in error and error.count("\n") == 1


def test_arguments_of_what_has_no_signature():
    assert arguments_of(np.sin, 2.0, "here") == [2.0]
    with pytest.raises(GradusError, match="does not fit"):
        arguments_of(lambda a, b: a, (1.0, 2.0, 3.0), "here")


@pytest.mark.parametrize("key", ["attention", "mlp", "softmax", "sigmoid", "mse", "conv-layer", "normal"])
def test_the_example_is_kind(key):
    """Not the verifier's hardest case: finite, moderate, no equal rows, options as by default."""
    concept = load().get(key)
    example = examples(concept)[0]
    defaults = inspect.signature(concept.definition).parameters
    for name, value in example.items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 1:
            assert np.isfinite(value).all() and np.abs(value).max() <= 10 and np.ptp(value) > 0
            if value.ndim == 2 and len(value) > 1:
                assert np.ptp(value, axis=0).max() > 0
        elif isinstance(value, (str, bool)) and key != "mlp":
            assert value == defaults[name].default


def test_the_example_of_a_page_comes_first_and_then_its_cases():
    for concept in load():
        first, *others = examples(concept)
        assert first.keys() == concept.example_arguments.keys()
        assert len(others) == len(list(concept.cases(np.random.default_rng(0))))


@pytest.mark.parametrize("key", ["svd", "svm", "computed-variance"])
def test_definitions_whose_steps_have_arrays_as_options(capsys, key):
    assert "backward" in output(capsys, key)


@pytest.mark.parametrize("key", ["adaline", "gradient-descent", "momentum", "sgd", "adam"])
def test_of_a_trajectory_the_end_is_explained(key, capsys):
    """Its beginning is what it starts from: no step size has a gradient there."""
    step = {"adaline": "mu"}.get(key, "alpha")
    (line,) = [line for line in output(capsys, key).splitlines() if line.lstrip().startswith(f"∂/∂{step} =")]
    assert re.search("[1-9]", line.rsplit("= ", 1)[1])


@pytest.mark.parametrize("key", ["dbscan", "kmeans-plus-plus", "saddle-points", "gradient-check"])
def test_labels_and_verdicts_have_no_derivative(key, capsys):
    assert main(["explain", key]) == 2
    assert "which have no derivative" in capsys.readouterr().err
