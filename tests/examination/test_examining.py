"""`gradus examine`: the user's setup in a process of its own; mistakes in one line, faults by the exit status."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gradus.cli import main
from gradus.training.tensor_file import encode

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "examination.md"
SETUP = """
import torch
from torch import nn
from torch.nn import functional as F

print("from the file")
x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
y = x[:, :3].argmax(1)


def setup():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3)), F.cross_entropy, (x, y)


def twice():
    return {"model": nn.Sequential(nn.Linear(4, 3), nn.Softmax(-1)), "loss": F.cross_entropy, "data": (x, y)}


class Endless(nn.Linear):
    def forward(self, x):
        while True:
            pass


class Dies(nn.Linear):
    def forward(self, x):
        import os
        os._exit(3)


def endless():
    return Endless(4, 3), F.cross_entropy, (x, y)


def dies():
    return Dies(4, 3), F.cross_entropy, (x, y)


def raises():
    return 1 / 0


def three():
    return 3


def unknown():
    return {"model": nn.Linear(4, 3), "loss": F.cross_entropy, "data": (x, y), "modle": 3}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(SETUP, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_report_is_printed_and_written(folder, capsys):
    assert (
        main(
            [
                "examine",
                "mine.py:setup",
                "--sections",
                "outputs,calibration",
                "--html",
                "a.html",
                "--lang",
                "zh",
            ]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert "没有故障，也没有警告" in out and "from the file" in out
    assert "<h1>Sequential</h1>" in (folder / "a.html").read_text("utf-8")


def test_faults_are_the_exit_status_and_json_is_json(folder, capsys):
    assert main(["examine", "mine.py:twice", "--sections", "outputs", "--strict", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sections"][0]["verdicts"][0]["check"] == "softmax-twice"


@pytest.mark.slow
@pytest.mark.parametrize(("name", "reason"), [("endless", "had not ended"), ("dies", "status 3")])
def test_a_process_that_does_not_end_or_ends_itself_leaves_a_report(folder, capsys, name, reason):
    assert main(["examine", f"mine.py:{name}", "--budget", "4s"]) == 0
    out = capsys.readouterr().out
    assert reason in out and "Verdicts" in out
    assert ("parameters" in out) == (name == "endless"), "the first pass of the other ends the process"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mine.py"], "FILE.py:setup"),
        (["mine.py:setup", "--budget", "soon"], "budget"),
        (["mine.py:setup", "--sections", "hands"], "anatomy"),
        (["mine.py:setup", "--html", "absent/x.html"], "absent"),
        (["mine.py:setup", "--html", "r.pdf"], ".html, .htm, got .pdf"),
        (["mine.py:raises"], "ZeroDivisionError"),
        pytest.param(["absent.py:setup"], "absent.py", marks=pytest.mark.slow),
        pytest.param(["mine.py:stup"], "setup", marks=pytest.mark.slow),
        pytest.param(["mine.py:three"], "(model, loss, data)", marks=pytest.mark.slow),
        pytest.param(["mine.py:unknown"], "modle", marks=pytest.mark.slow),
        pytest.param(
            ["mine.py:setup", "--checkpoint", "absent.safetensors"],
            "absent.safetensors",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_mistakes_are_one_line(folder, capsys, words, said):
    assert main(["examine", *words]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1 and "Traceback" not in err


@pytest.mark.slow
def test_a_checkpoint_fills_the_model(folder, capsys):
    import torch

    tensors = {
        "0.weight": torch.zeros(8, 4),
        "0.bias": torch.zeros(8),
        "2.weight": torch.zeros(3, 8),
        "2.bias": torch.zeros(3),
    }
    (folder / "zero.safetensors").write_bytes(b"".join(encode(tensors)))
    assert (
        main(["examine", "mine.py:setup", "--sections", "outputs", "--checkpoint", "zero.safetensors"]) == 0
    )
    assert "all inputs have nearly one output" in capsys.readouterr().out
    (folder / "other.safetensors").write_bytes(b"".join(encode({"0.weight": torch.zeros(8, 5)})))
    assert main(["examine", "mine.py:setup", "--checkpoint", "other.safetensors"]) == 2
    assert "does not fit the model" in capsys.readouterr().err


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", DOCS.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def test_the_docs_show_what_happens(tmp_path, monkeypatch, capsys):
    for block in blocks("python"):
        if block.startswith("# mine.py"):
            (tmp_path / "mine.py").write_text(block, "utf-8")
    shared = "".join(b for b in blocks("python") if not b.startswith("# mine.py"))
    done = subprocess.run(
        [sys.executable, "-c", shared], capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == re.findall(r"# → (.*)", shared)
    (command, *shown) = blocks("console")[0].splitlines()
    monkeypatch.chdir(tmp_path)
    assert main(command.removeprefix("$ gradus ").split()) == 0
    out = capsys.readouterr().out
    assert all(line in out for line in shown if line != "…")
