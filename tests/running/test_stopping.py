"""SIGTERM and Ctrl-C end every system alike: a message, status 143 or 130, no traceback, and a folder that goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gradus.systems import keys
from gradus.training.checkpoint import load_arrays

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONUNBUFFERED": "1"}
# Holds the training of a system that is done in an instant open, so that the signal meets it. A process that a shell
# starts in the background ignores Ctrl-C, and so would all that it starts: the tests may be such a process. It sleeps
# in short pieces: a signal that comes just before a sleep begins is answered only after it.
SLOW = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    "from gradus.running import run\n"
    "real = run.RunRequest.of_seed\n"
    "def of_seed(*a, **k):\n"
    "    print('training', flush=True)\n"
    "    for _ in range(600 if sys.argv[1] == 'hold' else 0):\n"
    "        time.sleep(0.1)\n"
    "    return real(*a, **k)\n"
    "run.RunRequest.of_seed = of_seed\n"
    "from gradus.cli import main\n"
    "sys.exit(main(sys.argv[2:]))\n"
)


def start(hold, *argv):
    return subprocess.Popen(
        [sys.executable, "-c", SLOW, hold, "run", *argv, "--no-verify"],
        env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def graph_of_two_rings(folder):
    """A graph of a user's own: the systems on graphs have no data that are embedded."""
    folder.mkdir()
    edges = [f"{20 * ring + i},{20 * ring + (i + 1) % 20}" for ring in (0, 1) for i in range(20)]
    nodes = [f"{20 * ring + i},{ring},{i / 20},{'ab'[ring]}" for ring in (0, 1) for i in range(20)]
    (folder / "edges.csv").write_text("\n".join(["source,target", *edges]), encoding="utf-8")
    (folder / "nodes.csv").write_text("\n".join(["id,ring,place,class", *nodes]), encoding="utf-8")
    return folder


WITHOUT_STATE = [key for key in keys() if key not in ("lenet", "from-scratch")]


@pytest.mark.parametrize(
    ("key", "number"),
    [
        pytest.param(
            key, signal.SIGTERM, marks=[] if key in ("pca", "gcn", "residual") else [pytest.mark.slow]
        )
        for key in WITHOUT_STATE
    ]
    + [("pca", signal.SIGINT)],
)
def test_a_system_without_a_state_stops_with_a_message(tmp_path, key, number):
    folder = tmp_path / "run"
    own_data = ["--data", str(graph_of_two_rings(tmp_path / "graph"))] if key in ("gat", "gcn") else []
    process = start("hold", key, "--seed", "0", "--directory", str(folder), *own_data)
    while "training" not in (line := process.stdout.readline()):
        assert line, process.stderr.read()
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, err
    assert "Traceback" not in out + err
    assert f"stopped by {number.name}" in out
    assert f"gradus run {key} --directory {folder} --resume" in out.replace("\n", " ")
    if key == "pca":
        again = start("go", key, "--directory", str(folder), "--resume")
        assert again.communicate(timeout=120) and again.returncode == 0
        assert (folder / "summary.json").is_file()


@pytest.mark.slow  # the ordinary run kills one between two networks, and LeNet within its training
def test_a_kill_within_one_of_several_networks_goes_on_to_the_same_result(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    argv = ["lstm", "--lag", "100", "--epochs", "2", "--seed", "0", "--directory"]
    process = start("go", *argv, str(broken))
    end = time.monotonic() + 300
    while not list(broken.glob("seed-0/one/checkpoints/*.json")) and time.monotonic() < end:
        time.sleep(0.002)
    process.kill()
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert not (broken / "seed-0" / "plain").exists() and not (broken / "summary.json").exists()
    done = [start("go", *argv, str(whole)), start("go", "lstm", "--directory", str(broken), "--resume")]
    for one in done:
        one.communicate(timeout=300)
    assert [one.returncode for one in done] == [0, 0]
    scores = [json.loads((folder / "summary.json").read_text())["scores"] for folder in (whole, broken)]
    assert scores[0] == scores[1]
    rows = [sorted(folder.glob("seed-0/*/metrics.jsonl")) for folder in (whole, broken)]
    assert len(rows[0]) == 3
    assert [p.read_text() for p in rows[0]] == [p.read_text() for p in rows[1]]


def curves(folder):
    arrays, about = load_arrays(folder / "seed-0" / "state")
    return arrays, about["history"]


@pytest.mark.slow
def test_from_scratch_stops_within_an_epoch_and_goes_on_exactly(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    argv = ["from-scratch", "--model", "lenet", "--seed", "0", "--epochs", "1", "--directory"]
    process = start("go", *argv, str(broken))
    while "training" not in process.stdout.readline():
        pass
    time.sleep(0.8)  # an epoch takes longer, even on a fast machine
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143, out + err
    assert "SIGTERM" in out and "state saved" in err and "Traceback" not in out + err
    _, about = load_arrays(broken / "seed-0" / "state")
    assert not about["history"] and about["t"] > 0
    done = [start("go", *argv, str(whole)), start("go", *argv, str(broken), "--resume")]
    for one in done:
        one.communicate(timeout=300)
    assert [one.returncode in (0, 1) for one in done] == [True, True]
    (a, left), (b, right) = curves(whole), curves(broken)
    assert left == right and a.keys() == b.keys()
    assert all(np.array_equal(a[name], b[name]) for name in a)


def test_lenet_stops_with_a_checkpoint(tmp_path):
    folder = tmp_path / "run"
    process = start("go", "lenet", "--seed", "0", "--epochs", "200", "--directory", str(folder))
    end = time.monotonic() + 120
    while not list(folder.glob("seed-0/checkpoints/*.json")) and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143
    assert "state saved" in err and "stopped by SIGTERM" in out and "Traceback" not in out + err
