"""The files of a run's folder: whole or absent, and those of older builds are read."""

import json

import pytest

from gradus.cli import main
from gradus.errors import GradusError
from gradus.report import RunSummary
from gradus.running import past_runs
from gradus.running.run_folder import read_json, write_json

# As Gradus 0.1.0 wrote it: the target was called "bar", and the recipe was not told.
OLD_SUMMARY = {
    "layers": [], "data": {
        "title": ["Iris flowers", "鸢尾花"], "source": "UCI", "licence": "none", "shape": [4], "classes": ["a", "b"],
        "sizes": {"train": 120, "test": 30}, "split": ["", ""], "citation": "",
    },
    "settings": {"folds": 10}, "metric": "accuracy", "scores": {"0": 0.9, "1": 1.0}, "bar": 0.94, "relation": "≥",
    "seconds": {"training": 1.0}, "environment": {}, "command": "gradus run x", "finished": "2026-01-01T00:00:00",
}  # fmt: skip


@pytest.fixture
def old_run(tmp_path):
    folder = tmp_path / "runs" / "x" / "iris-1"
    write_json(folder / "config.json", {"system": "x", "data": "iris", "seeds": [0, 1], "epochs": None})
    write_json(folder / "summary.json", OLD_SUMMARY)
    return folder


def test_a_run_of_an_older_build_is_listed(old_run, tmp_path, capsys):
    row = (str(old_run), "x", "iris", "0,1", "0.9500", "≥ 0.9400", "finished")
    assert past_runs(tmp_path / "runs") == [row]
    assert main(["runs", "--directory", str(tmp_path / "runs"), "--lang", "zh"]) == 0
    shown = capsys.readouterr().out
    assert "0.9400" in shown and "目标值" in shown


def test_a_summary_of_an_older_build_is_read():
    run = RunSummary.from_dict(json.loads(json.dumps(OLD_SUMMARY)))
    assert run.target == 0.94 and run.holds and not any(run.recipe)
    again = json.loads(json.dumps(run.as_dict()))
    assert "bar" not in again and RunSummary.from_dict(again) == run


def test_a_run_without_a_summary_has_no_target(old_run, tmp_path):
    (old_run / "summary.json").unlink()
    assert past_runs(tmp_path / "runs")[0][4:] == ("", "", "unfinished")


def test_a_file_is_whole_or_as_before(tmp_path, monkeypatch):
    path = tmp_path / "a" / "config.json"
    write_json(path, {"数据": "iris"})
    assert read_json(path) == {"数据": "iris"}

    def refuse(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(GradusError, match="disk full"):
        write_json(path, {"数据": "wine"})
    assert read_json(path) == {"数据": "iris"}
    assert [p.name for p in path.parent.iterdir()] == ["config.json"]


def test_what_is_no_object_is_empty(tmp_path):
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "torn.json").write_text('{"a": ')
    assert [read_json(tmp_path / f"{name}.json") for name in ("list", "torn", "absent")] == [{}, {}, {}]
