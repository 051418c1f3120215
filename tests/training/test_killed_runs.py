"""Runs that are killed, signalled, or started twice."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from small_run import digest

from gradus.training import load_checkpoint, newest_checkpoint
from gradus.training.step_folder import list_checkpoints

HERE = Path(__file__).parent
STEPS = 24
pytestmark = pytest.mark.skipif(os.name == "nt", reason="forks and kills")


class Forge:
    """Asks the forking parent for runs."""

    def __init__(self) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "forge.py")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            stderr=subprocess.PIPE, env=environment,
        )  # fmt: skip

    def __call__(self, directory: Path, **request: Any) -> list[int]:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"directory": str(directory), **request}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def end(self) -> str:
        return self.process.communicate(timeout=60)[1]


@pytest.fixture(scope="module")
def forge() -> Iterator[Forge]:
    server = Forge()
    yield server
    errors = server.end()
    assert "Traceback" not in errors, errors


@pytest.fixture(scope="module")
def unbroken(forge: Forge, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, str]:
    folder = tmp_path_factory.mktemp("unbroken")
    assert forge(folder) == [0]
    return digest(folder)


def require_whole(folder: Path, at_least: int = 0) -> None:
    """The newest checkpoint loads, and no more than one interval is lost."""
    if list_checkpoints(folder / "checkpoints"):
        found = newest_checkpoint(folder / "checkpoints", pytest.fail)
        assert found is not None and int(found.path.stem[5:]) >= at_least
    else:
        assert at_least == 0


def finish(forge: Forge, folder: Path, unbroken: tuple[str, str, str]) -> None:
    assert forge(folder) == [0]
    assert digest(folder) == unbroken
    assert not list(folder.rglob("*.tmp"))


def kills(count: int, seed: int) -> list[dict[str, Any]]:
    """Half of the kills fall after a random step, half into a random call that writes."""
    rng = random.Random(seed)
    steps = [{"step": rng.randrange(1, STEPS + 1)} for _ in range(count // 2)]
    return steps + [{"call": rng.randrange(1, 140)} for _ in range(count - count // 2)]


def killed_and_resumed(
    forge: Forge, folder: Path, unbroken: tuple[str, str, str], requests: list[dict[str, Any]]
) -> None:
    died = 0
    for number, request in enumerate(requests):
        run = folder / str(number)
        (code,) = forge(run, **request)
        died += code == -signal.SIGKILL
        assert code in (0, -signal.SIGKILL)
        require_whole(run, max(0, request.get("step", 0) - 2))
        finish(forge, run, unbroken)
    assert died >= 0.9 * len(requests)


def test_killed_runs_resume_exactly(forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str]) -> None:
    killed_and_resumed(forge, tmp_path, unbroken, kills(20, 1))


@pytest.mark.slow
def test_fifty_killed_runs_resume_exactly(
    forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str]
) -> None:
    killed_and_resumed(forge, tmp_path, unbroken, kills(50, 2))


def test_a_run_killed_again_and_again_ends_alike(
    forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str]
) -> None:
    rng = random.Random(3)
    for cycle in range(20):
        request = {"call": rng.randrange(20, 40)} if cycle % 2 else {"step": min(STEPS, cycle + 2)}
        assert forge(tmp_path, **request) in ([-signal.SIGKILL], [0])
        require_whole(tmp_path)
    finish(forge, tmp_path, unbroken)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", [1, 5, 6, 13])
def test_a_signal_leaves_a_checkpoint(
    forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str], number: signal.Signals, step: int
) -> None:
    assert forge(tmp_path, step=step, signal=number) == [128 + number]
    assert int(list_checkpoints(tmp_path / "checkpoints")[-1].stem[5:]) == step
    log = (tmp_path / "log.txt").read_text()
    assert f"{number.name}: stopped after step {step}" in log and "resume=True" in log
    finish(forge, tmp_path, unbroken)


@pytest.mark.slow
def test_signals_at_random_times(forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str]) -> None:
    rng = random.Random(4)
    for count in range(50):
        number = (signal.SIGINT, signal.SIGTERM)[count % 2]
        run = tmp_path / str(count)
        (code,) = forge(run, slow=True, after=rng.uniform(0.1, 0.5), signal=number)
        assert code in (128 + number, 0)
        load_checkpoint(list_checkpoints(run / "checkpoints")[-1])
        finish(forge, run, unbroken)


def test_of_two_writers_one_wins(forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str]) -> None:
    for number, processes in enumerate((2, 4, 2, 8)):
        run = tmp_path / str(number)
        codes = forge(run, processes=processes, slow=True)
        assert sorted(codes) == [0] + [2] * (processes - 1)
        assert digest(run) == unbroken


@pytest.mark.slow
def test_of_many_writers_one_wins(forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str]) -> None:
    for number in range(60):
        run = tmp_path / str(number)
        codes = forge(run, processes=(2, 4, 8)[number % 3], slow=True)
        assert codes.count(0) == 1 and set(codes) == {0, 2}
        assert digest(run) == unbroken


def test_the_lock_of_a_dead_process_is_taken_over(
    forge: Forge, tmp_path: Path, unbroken: tuple[str, str, str]
) -> None:
    assert forge(tmp_path, step=3) == [-signal.SIGKILL]
    pid = int((tmp_path / "run.lock").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    finish(forge, tmp_path, unbroken)


def test_fresh_processes_end_alike(tmp_path: Path, unbroken: tuple[str, str, str]) -> None:
    for hash_seed in ("1", "random"):  # the tests themselves run under 0
        line = json.dumps({"directory": str(tmp_path / hash_seed)}) + "\n"
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, str(HERE / "forge.py")]
        done = subprocess.run(
            command, input=line, capture_output=True, text=True, env=environment, check=True
        )
        assert json.loads(done.stdout) == [0]
        assert digest(tmp_path / hash_seed) == unbroken


SCRIPT = """
import sys; sys.path.insert(0, {here!r})
from small_run import model, train
from forge import At
train(model(), {folder!r} and __import__("pathlib").Path({folder!r}), progress="plain", callbacks=[At(4, {number})])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_script_ends_with_the_status_of_the_shell(tmp_path: Path, number: int) -> None:
    code = SCRIPT.format(here=str(HERE), folder=str(tmp_path), number=int(number))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 128 + number
    assert "Traceback" not in done.stderr and "resume=True" in done.stderr
