"""A run sweeps, replaces and removes its own files only; a folder with files of others is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_run import StopAt, Stopped, digest, model, train

from gradus import GradusError
from gradus.training import Callback, GradientNorms

OTHERS = {
    "notes.txt": b"mine", "data.jsonl": b'{"x": 1}\n', "results.tmp": b"mine", "checkpoints/mine.pt": b"mine",
    "checkpoints/half.tmp": b"mine", "checkpoints/model.0123456789abcdef.safetensors": b"mine",
    "checkpoints/step-12.json": b"{}", "table.csv.7.tmp": b"mine", "checkpoints/deeper/file": b"mine",
}  # fmt: skip
IN_THE_WAY = {
    "metrics.jsonl": b'{"loss": 1}\n', "timings.jsonl": b"mine", "log.txt": b"mine", "run.json": b'{"name": "mine"}',
    "checkpoints/step-00000012.json": b'{"mine": 1}', "checkpoints": b"a file", "run.lock": b"mine, not a lock",
}  # fmt: skip


def put(folder: Path, files: dict[str, bytes]) -> dict[Path, bytes]:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return {folder / name: content for name, content in files.items()}


def intact(files: dict[Path, bytes]) -> bool:
    return {path: path.read_bytes() for path in files} == files


@pytest.mark.parametrize("name", OTHERS)
def test_a_folder_with_files_of_others_is_refused_and_nothing_of_theirs_is_lost(
    tmp_path: Path, name: str
) -> None:
    files = put(tmp_path, {name: OTHERS[name]})
    for resume in (False, True):
        with pytest.raises(
            GradusError, match=r"holds files that no run of fit wrote .*choose another"
        ) as caught:
            train(model(), tmp_path, epochs=1, resume=resume)
        assert "\n" not in str(caught.value) and "并非由 fit 写入" in caught.value.text.zh
    assert intact(files)
    train(model(), tmp_path, epochs=1, force=True)
    assert intact(files)
    train(model(), tmp_path, epochs=2, resume=True)
    train(model(), tmp_path, epochs=1, force=True)
    assert intact(files)
    assert len(list((tmp_path / "checkpoints").glob("step-0*.json"))) == 1


@pytest.mark.parametrize("name", IN_THE_WAY)
@pytest.mark.parametrize("force", [False, True])
def test_a_file_of_anothers_in_the_way_is_never_replaced(tmp_path: Path, name: str, force: bool) -> None:
    files = put(tmp_path, {name: IN_THE_WAY[name]})
    with pytest.raises(GradusError):
        train(model(), tmp_path, epochs=1, force=force)
    assert intact(files)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(GradusError, match="cannot write"):
        train(model(), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"mine"


class Logged(Callback):
    def __init__(self, name: Any) -> None:
        self.name = name

    def on_start(self, run: Any) -> None:
        self.log = run.open_log(self.name)

    def on_step_end(self, run: Any) -> None:
        if self.log is not None:
            self.log.append({"step": run.step})


def test_logs_of_callbacks_are_the_runs_own(tmp_path: Path) -> None:
    train(model(), tmp_path, epochs=1, callbacks=[Logged("steps.jsonl"), GradientNorms()])
    assert {"steps.jsonl", "gradient_norms.jsonl"} <= set(
        json.loads((tmp_path / "run.json").read_text())["files"]
    )
    train(model(), tmp_path, epochs=1, force=True)
    assert not (tmp_path / "steps.jsonl").exists() and not (tmp_path / "gradient_norms.jsonl").exists()


@pytest.mark.parametrize("name", ["../out.jsonl", "log.txt", "run.json", "run.lock", "", "a/b", "checkpoints", 3, "metrics.jsonl"])  # fmt: skip
def test_a_log_of_a_name_that_the_run_needs_is_refused(tmp_path: Path, name: Any) -> None:
    with pytest.raises(GradusError, match="expected a log's name"):
        train(model(), tmp_path / "run", epochs=1, callbacks=[Logged(name)])


def test_a_log_does_not_take_anothers_file(tmp_path: Path) -> None:
    files = put(tmp_path, {"steps.jsonl": b'{"loss": 2}\n'})
    with pytest.raises(GradusError, match="no run of fit wrote"):
        train(model(), tmp_path, epochs=1, force=True, callbacks=[Logged("steps.jsonl")])
    assert intact(files)


def test_a_run_of_an_earlier_version_is_taken_up_and_replaced(tmp_path: Path) -> None:
    train(model(), tmp_path / "whole")
    with pytest.raises(Stopped):
        train(model(), tmp_path / "cut", callbacks=[StopAt(8), Logged("steps.jsonl")], checkpoint_every=4)
    (tmp_path / "cut" / "run.json").unlink()
    train(model(), tmp_path / "cut", resume=True, callbacks=[Logged("steps.jsonl")], checkpoint_every=4)
    assert len((tmp_path / "cut" / "steps.jsonl").read_text().splitlines()) == 18
    assert digest(tmp_path / "cut")[0] == digest(tmp_path / "whole")[0]
    (tmp_path / "whole" / "run.json").unlink()
    assert train(model(), tmp_path / "whole", force=True, epochs=1).steps == 6


def test_a_run_killed_before_its_first_checkpoint_begins_anew(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        train(model(), tmp_path, callbacks=[StopAt(2), Logged("steps.jsonl")])
    put(
        tmp_path,
        {"run.json.99.tmp": b"{", "metrics.jsonl.99.tmp": b"", "checkpoints/step-00000006.json.9.tmp": b"{"},
    )
    assert train(model(), tmp_path, epochs=1).steps == 6
    assert not list(tmp_path.rglob("*.tmp"))
