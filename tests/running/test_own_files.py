"""A run that begins anew removes what a run wrote, and nothing else; a folder has one run at a time."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gradus.catalogue import concept
from gradus.errors import GradusError
from gradus.locks import run_lock
from gradus.running import past_runs, run_system
from gradus.running.run_folder import make_numbered, numbered, read_config

PCA = concept("pca")
QUIET = {"seeds": [0], "progress": "silent", "verify": False}


def listing(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def run(folder, **options):
    return run_system(PCA, directory=folder, **{**QUIET, **options})


@pytest.fixture
def done(tmp_path):
    run(tmp_path / "run")
    return tmp_path / "run"


FOREIGN = (
    "thesis.tex", "seed-0/notes.txt", "seed-0/checkpoints/mine.safetensors", "checkpoints/step-00000001.json", "seeds/x",
    "metrics.jsonl", "seed-0x/metrics.jsonl", "mine.tmp", "config.json.tmp", "seed-0/other.jsonl", ".git/HEAD",
    "seed-0/rnn/notes.txt", "seed-0/rnn/deep/metrics.jsonl", "seed-0/.git/log.txt",
)  # fmt: skip


@pytest.mark.parametrize("name", FOREIGN)
def test_fresh_refuses_a_folder_with_a_file_that_no_run_wrote(done, name):
    (done / name).parent.mkdir(parents=True, exist_ok=True)
    (done / name).write_text("precious")
    before = listing(done)
    with pytest.raises(GradusError, match="other files"):
        run(done, fresh=True)
    assert listing(done) == before


@pytest.mark.parametrize(
    "contents",
    ["{}", '{"model_type": "bert"}', "[]", "{", '{"system": "pca"}', '{"system": "pca", "data": "digits", "seeds": "all"}',
     '{"system": "pca", "data": ["digits"], "seeds": [0]}', '{"system": 1, "data": "digits", "seeds": [0]}', "[" * 100_000],
)  # fmt: skip
@pytest.mark.parametrize("resume", [False, True])
def test_another_programs_configuration_makes_no_run(tmp_path, contents, resume, capsys):
    (tmp_path / "config.json").write_text(contents)
    (tmp_path / "weights.bin").write_text("precious")
    before = listing(tmp_path)
    with pytest.raises(GradusError, match="other files"):
        run(tmp_path, fresh=not resume, resume=resume)
    assert listing(tmp_path) == before
    assert past_runs(tmp_path) == []


def test_a_link_in_a_runs_folder_is_not_followed(done, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "metrics.jsonl").write_text("precious")
    (done / "seed-1").symlink_to(outside)
    with pytest.raises(GradusError, match="seed-1"):
        run(done, fresh=True)
    assert (outside / "metrics.jsonl").read_text() == "precious"


def test_fresh_replaces_a_run(done):
    (done / "seed-7" / "checkpoints").mkdir(parents=True)
    for name in (
        "metrics.jsonl",
        "timings.jsonl",
        "log.txt",
        "run.json",
        "checkpoints/step-00000012.json",
        "state.json.4711.tmp",
        "plain-rnn/metrics.jsonl",
        "plain-rnn/checkpoints/step-00000012.json",
    ):
        (done / "seed-7" / name).parent.mkdir(parents=True, exist_ok=True)
        (done / "seed-7" / name).write_text("old")
    outcome = run(done, fresh=True, seeds=[1])
    assert set(outcome.summary.scores) == {1}
    assert read_config(done / "config.json")["seeds"] == [1]
    assert not (done / "seed-7").exists()


def test_fresh_replaces_what_a_training_leaves(tmp_path):
    """What `fit` really writes is known here by name, whichever files that are."""
    for fresh in (False, True):
        outcome = run_system(concept("lenet"), directory=tmp_path / "run", epochs=1, fresh=fresh, **QUIET)
    assert set(outcome.summary.scores) == {0}


def test_fresh_beside_a_live_run_is_refused(done):
    before = listing(done)
    with run_lock(done), pytest.raises(GradusError, match="in use"):
        run(done, fresh=True)
    assert {k: v for k, v in listing(done).items() if k != "run.lock"} == {
        k: v for k, v in before.items() if k != "run.lock"
    }


@pytest.mark.parametrize("options", [{}, {"resume": True}, {"fresh": True}], ids=str)
@pytest.mark.parametrize("left", [["run.lock"], ["run.lock", "config.json.4711.tmp"]], ids=str)
def test_a_run_killed_before_its_first_configuration_leaves_a_folder_that_is_taken(tmp_path, left, options):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in left:
        (folder / name).write_text("{")
    assert run(folder, **options).summary.scores


@pytest.mark.parametrize("flag", ["--resume", "--fresh"])
def test_kills_at_every_call_leave_a_folder_that_is_taken(tmp_path, flag):
    """The process ends at the n-th call that changes the folder, as by a kill; the next run goes on or begins anew."""
    code = (
        "import os, sys\n"
        "left = int(sys.argv[1])\n"
        "def ends(real):\n"
        "    def call(*a, **k):\n"
        "        global left\n"
        "        left -= 1\n"
        "        if left == 0: os._exit(9)\n"
        "        return real(*a, **k)\n"
        "    return call\n"
        "for name in ('write', 'fsync', 'replace', 'unlink'):\n"
        "    setattr(os, name, ends(getattr(os, name)))\n"
        "from pathlib import Path\n"
        "from gradus.running.request import request_run\n"
        "from gradus.running import run\n"
        "from gradus.catalogue import concept\n"
        "from gradus.locks import run_lock\n"
        "request = request_run(concept('pca'), seeds=[0])\n"
        "with run_lock(Path(sys.argv[2])):\n"
        "    run.begin(Path(sys.argv[2]), request, False)\n"
    )
    for nth in range(1, 20):
        folder = tmp_path / str(nth)
        done = subprocess.run(
            [sys.executable, "-c", code, str(nth), str(folder)], check=False, capture_output=True
        )
        assert done.returncode in (0, 9), done.stderr
        assert run(folder, **{flag[2:]: True}).summary.scores
        if done.returncode == 0:
            assert nth > 3
            return
    pytest.fail("never ran through")


def test_numbered_folders_are_each_made_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = {"system": "pca", "data": "digits[1]", "seeds": [0], "epochs": None}
    assert [make_numbered(config) for _ in range(3)] == [1, 2, 3]
    (numbered(config, 1).parent / "digits[1]-²").mkdir()
    assert make_numbered(config) == 4


DAMAGE = ("", "null", "[]", '"x"', "{", '{"scores": 3}', '{"scores": {"0": "high"}}', '{"scores": {"0": NaN}, "target": "x"}',
          '{"target": {}, "relation": 7, "scores": {}}', '{"scores": {"0": 1' + "0" * 400 + "}}", "\ud800")  # fmt: skip


@pytest.mark.parametrize("contents", DAMAGE, ids=range(len(DAMAGE)))
@pytest.mark.parametrize("name", ["config.json", "summary.json"])
def test_a_damaged_file_does_not_end_the_list(done, capsys, name, contents):
    from gradus.cli import main

    (done / name).write_bytes(contents.encode("utf-8", "surrogatepass"))
    assert main(["runs", "--directory", str(done.parent)]) == 0
    assert ("digits" in capsys.readouterr().out) == (name == "summary.json")


@pytest.mark.skipif(os.name == "nt", reason="a named pipe needs POSIX")
def test_a_pipe_in_place_of_a_configuration_does_not_stop_the_list(tmp_path):
    os.mkfifo(tmp_path / "config.json")
    assert past_runs(tmp_path) == []


def test_what_a_run_writes_names_its_form(done):
    for name in ("config.json", "summary.json"):
        assert json.loads((done / name).read_text())["format"] == 1
    (done / "config.json").write_text(json.dumps({**read_config(done / "config.json"), "format": 99}))
    assert past_runs(done) == []


def test_two_begun_at_once_have_folders_of_their_own(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    argv = [sys.executable, "-m", "gradus", "run", "pca", "--seed", "0", "--no-verify", "--quiet"]
    runs = [subprocess.Popen(argv, cwd=tmp_path, env=environment) for _ in range(2)]
    end = time.monotonic() + 240
    assert [r.wait(timeout=max(1, end - time.monotonic())) for r in runs] == [0, 0]
    assert len(past_runs(tmp_path / "runs")) == 2
