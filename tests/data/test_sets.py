"""The data sets: sizes, splits and values of those embedded; names, rows, and the folder where data lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from loopback import Host

from gradus.data import data_directory, fetch, list_datasets, load, registry
from gradus.errors import GradusError

EMBEDDED = [entry.name for entry in registry.EMBEDDED]
pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_set_is_as_the_registry_says(name: str) -> None:
    data, entry = load(name), registry.ENTRIES[name]
    assert data.train_inputs.shape == (entry.train, *entry.shape)
    assert data.test_inputs.shape == (entry.test, *entry.shape)
    for array in (data.train_inputs, data.train_targets, data.test_inputs, data.test_targets):
        assert array.flags.writeable
        assert array.flags.c_contiguous
        assert np.isfinite(array).all()
    if data.task == "classification":
        assert data.train_targets.dtype == data.test_targets.dtype == np.int64
        assert set(data.train_targets) == set(data.test_targets) == set(range(len(data.classes)))
        part = np.bincount(data.test_targets) / (
            np.bincount(data.test_targets) + np.bincount(data.train_targets)
        )
        assert np.abs(part - 0.2).max() < 0.025  # stratified: each class gives its fifth
    else:
        assert data.train_targets.dtype == data.test_targets.dtype == np.float64
        assert data.classes == ()
    assert all((data.title.en, data.title.zh, data.source, data.licence, data.citation, data.embedded))


@pytest.mark.parametrize("name", EMBEDDED)
def test_split_is_fixed_disjoint_and_whole(name: str) -> None:
    first, again, other = load(name), load(name), load(name, seed=1)
    for field in ("train_inputs", "train_targets", "test_inputs", "test_targets"):
        np.testing.assert_array_equal(getattr(first, field), getattr(again, field))
    assert not np.array_equal(first.test_inputs, other.test_inputs)

    def rows(data):
        both = np.concatenate([data.train_inputs, data.test_inputs]).reshape(-1, np.prod(data.shape))
        targets = np.concatenate([data.train_targets, data.test_targets]).reshape(len(both), -1)
        joined = np.concatenate([both, targets], axis=1)
        return joined[np.lexsort(joined.T)]

    np.testing.assert_array_equal(rows(first), rows(other))


def test_digits_are_the_standard_stratified_fifth() -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    parts = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)
    data = load("digits")
    assert data.train_inputs.dtype == np.float32
    np.testing.assert_array_equal(data.train_inputs.reshape(-1, 64) * 16, parts[0])
    np.testing.assert_array_equal(data.test_inputs.reshape(-1, 64) * 16, parts[1])
    np.testing.assert_array_equal(data.test_targets, parts[3])
    assert (data.train_inputs.min(), data.train_inputs.max()) == (0, 1)


def test_loading_leaves_the_global_random_state_alone() -> None:
    state = np.random.get_state()[1].copy()
    load("digits", seed=3)
    np.testing.assert_array_equal(np.random.get_state()[1], state)


@pytest.mark.parametrize("seed", [-1, 1.5, True, 2**32, "0"])
def test_wrong_seed_is_refused(seed: object) -> None:
    with pytest.raises(GradusError, match="seed: expected a whole number ≥ 0"):
        load("iris", seed=seed)


@pytest.mark.parametrize(
    ("name", "near"),
    [("mnsit", "mnist"), ("MNIST", "mnist"), ("breast_cancer", "breast-cancer"), ("fashion", "fashion-mnist"),
     ("cifar10", "cifar-10"), ("digit", "digits")],
)  # fmt: skip
def test_unknown_name_suggests_the_nearest(name: str, near: str) -> None:
    for act in (load, fetch):
        with pytest.raises(GradusError, match=f"unknown data set '{name}': did you mean '{near}'"):
            act(name)


@pytest.mark.parametrize("name", ["", "zzzzzzzz", None, 3, "../mnist"])
def test_hopeless_name_lists_the_known(name: object) -> None:
    with pytest.raises(GradusError, match="known are digits, iris"):
        load(name)


def test_wrong_mirror_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_MIRROR", "mirror.example/data")
    with pytest.raises(GradusError, match=r"GRADUS_MIRROR: expected .*http.*'mirror.example/data'"):
        fetch("mnist")


def test_fetch_of_an_embedded_set_does_nothing(tmp_path: Path) -> None:
    assert fetch("digits", tmp_path / "x") == []
    assert not (tmp_path / "x").exists()


def test_everything_embedded_works_without_network_home_or_data(tmp_path: Path) -> None:
    code = """
import socket
def refuse(*args, **kwargs): raise OSError(101, "Network is unreachable")
socket.socket.connect = socket.getaddrinfo = refuse
from gradus.data import load, list_datasets, fetch
for row in list_datasets():
    if row.state == "embedded":
        assert len(load(row.name).train_inputs) == row.train
        assert fetch(row.name) == []
    else:
        assert row.state == "absent", row
        try: fetch(row.name)
        except ValueError as error: print(error)
"""
    environment = {"HOME": "/nonexistent", "PATH": "", "GRADUS_DATA": str(tmp_path / "data")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    tried = [line.count("Network is unreachable") for line in lines]
    assert tried == [3, 3, 3, 1]  # of Cora one mirror is known


# --- where data lie --------------------------------------------------------------------------------------------------


def test_data_directory_prefers_argument_then_environment_then_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "environment"))
    assert data_directory(tmp_path / "argument") == tmp_path / "argument"
    assert data_directory() == tmp_path / "environment"
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert data_directory("~/x") == tmp_path / "home" / "x"
    monkeypatch.setenv("GRADUS_DATA", "")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert data_directory().name == "gradus"
    assert data_directory().is_relative_to(tmp_path / "home")
    assert not (tmp_path / "home").exists()  # naming a folder does not make it


@pytest.mark.parametrize("data_dir", [3, True, b"x", ["x"]])
def test_data_directory_that_is_no_path_is_refused(data_dir: object) -> None:
    with pytest.raises(GradusError, match="data_dir: expected a path"):
        load("mnist", data_dir=data_dir)


def test_path_that_the_system_refuses_is_one_line(tmp_path: Path) -> None:
    for act in (load, fetch):
        with pytest.raises(GradusError, match="File name too long"):
            act("mnist", tmp_path / ("x" * 256))


def test_without_a_home_the_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_DATA", "")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"~/.cache/{name}")
    with pytest.raises(GradusError, match=r"no home directory.*GRADUS_DATA"):
        data_directory()


def test_home_that_cannot_be_written_is_one_line(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADUS_DATA", "/dev/null/home")  # not even root can write there
    with pytest.raises(GradusError, match=r"cannot write /dev/null/home/mnist/.*GRADUS_DATA"):
        fetch("mnist")
    assert next(row.state for row in list_datasets() if row.name == "mnist") == "absent"


def test_rows_say_what_there_is() -> None:
    rows = {row.name: row for row in list_datasets()}
    assert list(rows) == list(registry.ENTRIES)
    assert rows["digits"].state_text == ("embedded", "内置")
    assert rows["cifar-10"].state_text == ("needs download", "需下载")
    assert (rows["mnist"].bytes, rows["mnist"].shape, rows["mnist"].classes) == (11_594_722, (1, 28, 28), 10)


# --- imports ---------------------------------------------------------------------------------------------------------


def test_importing_and_listing_load_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, gradus.data; gradus.data.list_datasets(sys.argv[1]);"
        "heavy = ['torch', 'sklearn', 'scipy', 'matplotlib', 'pooch', 'requests', 'rich'];"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
