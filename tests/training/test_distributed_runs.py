"""Two processes under torchrun compute what one does on the joined batch."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

HERE = Path(__file__).parent
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or not torch.distributed.is_gloo_available(), reason="needs gloo"
)


def start(folder: Path, processes: int, *options: str) -> subprocess.CompletedProcess[str]:
    folder.mkdir(exist_ok=True)
    command = [
        sys.executable,
        *(TORCHRUN if processes == 2 else []),
        str(HERE / "joined.py"),
        str(folder),
        *options,
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


def compare(one: Path, two: Path) -> None:
    first, second = load_file(one / "end.safetensors"), load_file(two / "end.safetensors")
    for name, value in first.items():
        # 18 Adam steps on gradients that agree to float32 rounding; Adam's root magnifies that of tiny gradients.
        torch.testing.assert_close(second[name], value, rtol=1e-3, atol=1e-4)
    histories = [
        [json.loads(row) for row in (f / "run" / "metrics.jsonl").read_text().splitlines()]
        for f in (one, two)
    ]
    for left, right in zip(*histories, strict=True):
        assert left.keys() == right.keys()
        assert all(right[key] == pytest.approx(value, rel=1e-4) for key, value in left.items())


def test_two_processes_equal_one_and_resume(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert start(one, 1).returncode == 0
    done = start(two, 2, "short")
    assert done.returncode == 0, done.stderr
    done = start(two, 2, "resume")
    assert done.returncode == 0, done.stderr
    compare(one, two)
    assert sum(line.startswith("epoch ") for line in done.stderr.splitlines()) == 2, (
        "the first rank alone prints"
    )


@pytest.mark.slow
def test_further_runs_in_one_script_end_as_the_first(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert start(one, 1, "again").returncode == 0
    done = start(two, 2, "again")  # its time is bounded
    assert done.returncode == 0, done.stderr
    compare(one, two)


@pytest.mark.slow
def test_accumulated_batches_are_shared_too(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert start(one, 1, "accumulate").returncode == 0
    done = start(two, 2, "accumulate")
    assert done.returncode == 0, done.stderr
    compare(one, two)


@pytest.mark.slow
def test_a_nan_stops_all_ranks(tmp_path: Path) -> None:
    done = start(tmp_path / "two", 2, "nan")
    assert done.returncode != 0
    assert "is not finite" in done.stderr


@pytest.mark.slow
def test_a_folder_in_use_stops_all_ranks(tmp_path: Path) -> None:
    assert start(tmp_path / "two", 2, "short").returncode == 0
    done = start(tmp_path / "two", 2, "short")
    assert done.returncode != 0 and "resume=True" in done.stderr
