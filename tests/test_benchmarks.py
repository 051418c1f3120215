"""What `make bench` promises: it installs its peers, no missing data stops it, and it ends with one table."""

import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import training
from benchmarks.table import Row, table

ROOT = Path(__file__).resolve().parent.parent


def test_the_ratio_is_above_one_where_ours_is_faster():
    assert Row("a", 2.0, "peer", 3.0, "ms").times_faster == 1.5
    assert Row("a", 3.0, "peer", 2.0, "samples/s").times_faster == 1.5


def test_the_table_has_a_line_for_each_row():
    lines = table([Row("gradient", 1.5, "autograd", 3.0, "ms"), Row("fit", 9000, "loop", 4500, "samples/s")])
    assert [line.split() for line in lines.splitlines()[1:]] == [
        ["gradient", "1.5", "3", "ms", "2.00x", "autograd"],
        ["fit", "9,000", "4,500", "samples/s", "2.00x", "loop"],
    ]


def test_every_benchmark_is_run():
    programs = {
        p.stem for p in (ROOT / "benchmarks").glob("*.py") if "\ndef main(" in p.read_text(encoding="utf-8")
    }
    assert set(benchmarks.NAMES) == programs - {"__main__"}
    assert set(benchmarks.CAN_BE_QUICK) <= programs


def test_a_failure_does_not_stop_the_others(monkeypatch, capsys):
    def run(name, options):
        if name == "verification":
            raise SystemExit("no")
        return [Row(name, 1.0, "peer", 1.0, "s")]

    monkeypatch.setattr(benchmarks, "run", run)
    rows, failed = benchmarks.run_all(quick=True)
    assert [r.what for r in rows] == [n for n in benchmarks.NAMES if n != "verification"]
    assert failed == ["verification"]


def test_without_mnist_the_digits_are_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADUS_TEST_DATA", str(tmp_path))
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["benchmarks.training", "--quick"])
    options = training.parsed()
    inputs, targets = training.images(options.data, "train", options.samples)
    assert inputs.shape == (1437, 1, 28, 28)
    assert targets.shape == (1437,)
    assert 0 <= float(inputs.min()) < float(inputs.max()) <= 1
    assert training.images(options.data, "t10k", 10_000)[0].shape == (360, 1, 28, 28)


@pytest.fixture
def installed(tmp_path):
    """A copy of what tools/setup.sh reads, beside a Python that only writes down what it is asked to install."""
    for name in ("pyproject.toml", "constraints.txt", "tools/setup.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\n[ "$1" = -c ] || echo "$@" >>installed.txt\n', encoding="utf-8")
    python.chmod(0o755)

    def setup(*arguments: str) -> list[str]:
        record = tmp_path / "installed.txt"
        record.unlink(missing_ok=True)
        subprocess.run(["sh", "tools/setup.sh", *arguments], cwd=tmp_path, check=True, capture_output=True)
        return record.read_text(encoding="utf-8").split() if record.exists() else []

    return setup


def test_setup_installs_each_set_once(installed):
    assert installed("test")[-1] == ".[test]"
    assert installed("test") == []
    assert installed() == [], "the test set holds the plain one"
    assert installed("bench")[-1] == ".[bench]", "the test set does not hold the peers"
    assert installed("bench") == []


def test_setup_installs_anew_when_the_requirements_change(installed, tmp_path):
    installed("test")
    with (tmp_path / "constraints.txt").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert installed("test")[-1] == ".[test]"
