"""`gradus run`: folders, resumption after kill and Ctrl-C, data-parallel runs, and the report."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gradus.catalogue import load
from gradus.cli import main
from gradus.errors import GradusError
from gradus.running import past_runs, run_system

LENET = load().get("lenet")


def run(*argv, **options):
    return [sys.executable, "-m", "gradus", "run", "lenet", "--no-verify", *argv]


def environment(**more):
    return {**os.environ, "OMP_NUM_THREADS": "1", **more}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "lenet" / "digits-1"
    outcome = run_system(LENET, seeds=[0, 1], epochs=2, directory=folder, progress="silent", verify=False)
    return folder, outcome


def test_a_run_leaves_everything(finished):
    folder, outcome = finished
    for name in (
        "config.json",
        "summary.json",
        "report.html",
        "seed-0/metrics.jsonl",
        "seed-1/gradient_norms.jsonl",
    ):
        assert (folder / name).is_file(), name
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert set(summary["scores"]) == {"0", "1"}
    assert 0.5 < outcome.summary.mean <= 1
    assert summary["target"] == 0.98
    assert outcome.summary.parameters == 61_706
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script" not in html
    assert "LeNet-5" in html


def test_past_runs_lists_it(finished, capsys, monkeypatch):
    folder, _ = finished
    rows = past_runs(folder.parent.parent)
    assert rows[0][1:4] == ("lenet", "digits", "0,1")
    assert rows[0][-1] == "finished"
    monkeypatch.chdir(folder.parent.parent)
    assert main(["runs", "--directory", "."]) == 0
    assert "lenet" in capsys.readouterr().out


def test_a_folder_that_holds_a_run_is_not_overwritten(finished):
    folder, _ = finished
    before = (folder / "summary.json").read_bytes()
    with pytest.raises(GradusError, match="--resume goes on"):
        run_system(LENET, seeds=[0, 1], epochs=2, directory=folder, progress="silent", verify=False)
    with pytest.raises(GradusError, match="epochs 2, not 3"):
        run_system(
            LENET, seeds=[0, 1], epochs=3, directory=folder, progress="silent", verify=False, resume=True
        )
    assert (folder / "summary.json").read_bytes() == before


def test_resuming_a_finished_run_changes_no_score(finished):
    folder, outcome = finished
    again = run_system(
        LENET, seeds=[0, 1], epochs=2, directory=folder, progress="silent", verify=False, resume=True
    )
    assert again.summary.scores == outcome.summary.scores


def test_a_folder_with_other_files_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    for fresh in (False, True):
        with pytest.raises(GradusError, match="other files"):
            run_system(LENET, seeds=[0], epochs=1, directory=tmp_path, progress="silent", fresh=fresh)
    assert (tmp_path / "thesis.tex").read_text() == "precious"


def wait_for(path: Path, process, seconds=120):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if path.is_dir() and any(p.suffix == ".json" for p in path.iterdir()):
            return
        time.sleep(0.02)
    raise AssertionError(f"no checkpoint appeared; exit status {process.poll()}")


def test_killed_and_resumed_equals_unbroken(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    argv = ["--seed", "0", "--epochs", "2", "--quiet"]
    subprocess.run(run(*argv, "--directory", str(whole)), check=False, env=environment(), capture_output=True)
    process = subprocess.Popen(
        run(*argv, "--directory", str(broken)),
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for(broken / "seed-0" / "checkpoints", process)
    process.kill()
    process.wait()
    assert not (broken / "summary.json").exists()
    subprocess.run(
        run(*argv, "--directory", str(broken), "--resume"),
        check=False,
        env=environment(),
        capture_output=True,
    )
    for name in ("metrics.jsonl", "gradient_norms.jsonl"):
        assert (broken / "seed-0" / name).read_bytes() == (whole / "seed-0" / name).read_bytes(), name


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_resume(tmp_path):
    folder = tmp_path / "run"
    process = subprocess.Popen(
        run("--seed", "0", "--epochs", "50", "--directory", str(folder)),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(folder / "seed-0" / "checkpoints", process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    assert f"gradus run lenet --directory {folder} --resume" in out.replace("\n", " ").replace("  ", " ")
    assert "state saved" in out + err


def test_resume_takes_what_is_not_given_from_the_interrupted_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "runs" / "lenet" / "digits-1"
    run_system(LENET, seeds=[1], epochs=2, directory=folder, progress="silent", verify=False)
    (folder / "summary.json").unlink()
    outcome = run_system(LENET, resume=True, progress="silent", verify=False)
    assert outcome.directory.resolve() == folder
    assert set(outcome.summary.scores) == {1}
    assert outcome.summary.command.endswith("--seed 1 --epochs 2")


def metrics(folder):
    return [json.loads(line) for line in (folder / "seed-0" / "metrics.jsonl").read_text().splitlines()]


@pytest.mark.slow
def test_data_parallel_equals_one_process(tmp_path):
    argv = ["--seed", "0", "--epochs", "1", "--quiet", "--no-verify"]
    one, two = tmp_path / "one", tmp_path / "two"
    subprocess.run(
        [sys.executable, "-m", "gradus", "run", "lenet", *argv, "--directory", str(one)],
        check=False,
        env=environment(),
        capture_output=True,
    )
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, "-m", "gradus", "run", "lenet", *argv, "--directory", str(two)],
        check=False,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (two / "summary.json").is_file(), done.stderr[-2000:]
    for a, b in zip(metrics(one), metrics(two), strict=True):
        # roundoff of one step, 6e-8, grows through 45 steps of training (1e-4 was seen)
        np.testing.assert_allclose(
            [a["loss"], a["validation_loss"]], [b["loss"], b["validation_loss"]], rtol=1e-3
        )
    assert len(list((two / "seed-0").glob("metrics*.jsonl"))) == 1


@pytest.mark.slow
@pytest.mark.real_data
def test_mnist_reaches_its_target(real_data, tmp_path):
    outcome = run_system(
        LENET,
        data="mnist",
        data_dir=str(real_data),
        seeds=[0],
        directory=tmp_path / "m",
        progress="silent",
        verify=False,
    )
    assert outcome.summary.mean >= 0.99
