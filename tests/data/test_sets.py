"""The data sets themselves: sizes, splits, values, and what happens when a file is missing or damaged."""

from __future__ import annotations

import dataclasses
import gzip
import io
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from loopback import Host, remote

from gradus.data import data_directory, fetch, list_datasets, load, registry
from gradus.data.cifar import FOLDER, PIXELS, parse_cifar
from gradus.errors import GradusError

EMBEDDED = [entry.name for entry in registry.EMBEDDED]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GRADUS_MIRROR", raising=False)
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "own data"))


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


# --- MNIST, the real files -------------------------------------------------------------------------------------------


def test_mnist_has_its_published_statistics(real_data: Path) -> None:
    data = load("mnist", data_dir=real_data)
    assert data.train_inputs.shape == (60_000, 1, 28, 28)
    assert data.test_inputs.shape == (10_000, 1, 28, 28)
    assert data.train_inputs.dtype == np.float32
    assert data.train_targets.dtype == np.int64
    assert abs(data.train_inputs.mean(dtype=np.float64) - 0.1307) < 5e-5
    assert abs(data.train_inputs.std(dtype=np.float64) - 0.3081) < 5e-5
    counts = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(data.train_targets).tolist() == counts
    assert np.bincount(data.test_targets).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert (data.train_inputs.min(), data.train_inputs.max()) == (0, 1)
    assert data.train_targets[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]


@pytest.fixture
def small_mnist(real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> registry.Entry:
    """A registry entry for the first 50 and 20 images of MNIST, and its files in the tmp folder `host files`."""
    whole = load("mnist", data_dir=real_data)
    folder = tmp_path / "host files"
    folder.mkdir()
    files = []
    for old, n, images in zip(registry.MNIST.files, (50, 50, 20, 20), (True, False) * 2, strict=True):
        part = "train" if n == 50 else "test"
        array = getattr(whole, f"{part}_{'inputs' if images else 'targets'}")[:n]
        body = np.rint(array * 255).astype(np.uint8).tobytes() if images else array.astype(np.uint8).tobytes()
        head = [n, 28, 28] if images else [n]
        content = bytes([0, 0, 8, len(head)]) + np.array(head, ">u4").tobytes() + body
        packed = gzip.compress(content, mtime=0)
        (folder / old.name).write_bytes(packed)
        plain = remote(content)
        files.append(
            dataclasses.replace(
                remote(packed, old.name), content_size=plain.size, content_sha256=plain.sha256
            )
        )
    entry = dataclasses.replace(registry.MNIST, train=50, test=20, files=tuple(files), mirrors=())
    monkeypatch.setitem(registry.ENTRIES, "mnist", entry)
    return entry


def layout(entry: registry.Entry, tmp_path: Path, folder: Path, unpack: bool = False) -> None:
    folder.mkdir(parents=True)
    for file in entry.files:
        packed = (tmp_path / "host files" / file.name).read_bytes()
        if unpack:
            (folder / file.plain).write_bytes(gzip.decompress(packed))
        else:
            (folder / file.name).write_bytes(packed)


@pytest.mark.parametrize("unpack", [False, True])
@pytest.mark.parametrize("folder", ["", "mnist", "MNIST/raw", "mnist_data"])
def test_folder_may_be_laid_out_in_several_ways(
    small_mnist: registry.Entry, tmp_path: Path, folder: str, unpack: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "mit Leerzeichen 与汉字"
    layout(small_mnist, tmp_path, root / folder, unpack)
    assert load("mnist", data_dir=root).train_targets[:3].tolist() == [5, 0, 4]
    monkeypatch.setenv("GRADUS_DATA", str(root))
    assert len(load("mnist").test_inputs) == 20
    row = next(row for row in list_datasets() if row.name == "mnist")
    assert (row.state, row.where) == ("available", str(root / folder))
    assert fetch("mnist")  # nothing to do: there is no mirror


def test_another_sets_files_of_the_same_name_are_passed_over(
    small_mnist: registry.Entry, tmp_path: Path
) -> None:
    root = tmp_path / "root"
    layout(small_mnist, tmp_path, root)
    with pytest.raises(GradusError, match=r"fashion-mnist: train-images.* is not in"):
        load("fashion-mnist", data_dir=root)


def test_missing_file_says_how_to_get_it(small_mnist: registry.Entry, tmp_path: Path) -> None:
    root = tmp_path / "root"
    with pytest.raises(
        GradusError, match=r"mnist: train-images.*gradus data get mnist.*--data-dir or GRADUS_DATA"
    ):
        load("mnist", data_dir=root)
    layout(small_mnist, tmp_path, root / "mnist")
    (root / "mnist" / small_mnist.files[3].name).unlink()
    with pytest.raises(GradusError, match=r"t10k-labels"):
        load("mnist", data_dir=root)
    assert [row.state for row in list_datasets(root) if row.name == "mnist"] == ["incomplete"]


@pytest.mark.parametrize("unpack", [False, True])
@pytest.mark.parametrize("damage", ["truncated", "too long", "corrupted", "empty"])
def test_damaged_file_is_named_and_not_used(
    small_mnist: registry.Entry, tmp_path: Path, damage: str, unpack: bool
) -> None:
    root = tmp_path / "root"
    layout(small_mnist, tmp_path, root, unpack)
    file = small_mnist.files[2]
    path = root / (file.plain if unpack else file.name)
    data = path.read_bytes()
    middle = len(data) // 2
    path.write_bytes(
        {
            "truncated": data[:-1],
            "too long": data + b"\0",
            "corrupted": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "empty": b"",
        }[damage]
    )
    with pytest.raises(GradusError) as caught:
        load("mnist", data_dir=root)
    message = str(caught.value)
    assert message.startswith(f"{path}: {'truncated' if damage == 'empty' else damage}: expected ")
    assert "it was not used; `gradus data get mnist` sets it aside" in message
    assert path.exists()  # reading alone changes nothing


@pytest.mark.parametrize("what", ["label", "shape", "type"])
def test_wrong_content_with_a_right_checksum_is_refused(
    small_mnist: registry.Entry, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    layout(small_mnist, tmp_path, root, unpack=True)
    file = small_mnist.files[1]
    data = bytearray((root / file.plain).read_bytes())
    if what == "label":
        data[20] = 10
    elif what == "shape":
        data = bytearray(b"\0\0\x08\2" + np.array([46, 1], ">u4").tobytes()) + data[12:]
    else:
        data[2] = 9
    (root / file.plain).write_bytes(data)
    changed = dataclasses.replace(file, content_size=len(data), content_sha256=remote(bytes(data)).sha256)
    files = (small_mnist.files[0], changed, *small_mnist.files[2:])
    monkeypatch.setitem(registry.ENTRIES, "mnist", dataclasses.replace(small_mnist, files=files))
    with pytest.raises(
        GradusError, match="labels 0 to 9, got 10" if what == "label" else "expected uint8 of shape"
    ):
        load("mnist", data_dir=root)


# --- fetching --------------------------------------------------------------------------------------------------------


def served(host: Host, entry: registry.Entry, tmp_path: Path) -> None:
    for file in entry.files:
        host.files[f"/base/mnist/{file.name}"] = (tmp_path / "host files" / file.name).read_bytes()


def test_fetch_from_the_users_own_mirror(
    host: Host, small_mnist: registry.Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(host, small_mnist, tmp_path)
    monkeypatch.setenv("GRADUS_MIRROR", f"{host.url}/gone/  {host.url}/base/")
    monkeypatch.setenv("GRADUS_DATA", str(tmp_path / "数据 dir"))
    paths = fetch("mnist")
    assert paths == [tmp_path / "数据 dir" / "mnist" / file.name for file in small_mnist.files]
    assert [path for path, _ in host.requests][:2] == [
        f"/{base}/mnist/{small_mnist.files[0].name}" for base in ("gone", "base")
    ]
    assert len(load("mnist").train_inputs) == 50
    host.requests.clear()
    fetch("mnist")
    assert host.requests == []


def test_damaged_file_is_set_aside_on_fetch_only(
    host: Host, small_mnist: registry.Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(host, small_mnist, tmp_path)
    monkeypatch.setenv("GRADUS_MIRROR", f"{host.url}/base")
    root = tmp_path / "root"
    path = fetch("mnist", root)[1]
    path.write_bytes(b"damaged")
    for download in (False, True):
        with pytest.raises(GradusError, match="truncated"):
            load("mnist", root, download=download)
    fetch("mnist", root)
    assert len(load("mnist", root).train_inputs) == 50
    assert path.with_name(path.name + ".damaged").read_bytes() == b"damaged"


def test_load_downloads_on_request(
    host: Host, small_mnist: registry.Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served(host, small_mnist, tmp_path)
    monkeypatch.setenv("GRADUS_MIRROR", f"{host.url}/base")
    assert len(load("mnist", tmp_path / "root", download=True).train_inputs) == 50
    assert len(host.requests) == 4


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


# --- CIFAR-10 --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_cifar(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[np.ndarray, np.ndarray, dict[str, bytes]]:
    """The first 100 and 20 real images, their labels, and the batch files of the binary version made of them."""
    from matplotlib.image import imread

    sheets = [imread(real_data / "cifar10_subset" / f"cifar10_batch_{i}.png") for i in (0, 50)]
    pixels = np.concatenate([np.rint(sheets[0][:100] * 255), np.rint(sheets[1][:20] * 255)]).astype(np.uint8)
    images = pixels[..., :3].reshape(120, 32, 32, 3)
    every = np.loadtxt(real_data / "cifar10_subset" / "labels_batches_0_1_2_3_50.txt", dtype=np.uint8)
    labels = np.concatenate([every[:100], every[4000:4020]])
    planes = images.transpose(0, 3, 1, 2).reshape(120, PIXELS)
    records = np.concatenate([labels[:, None], planes], axis=1)
    names = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]
    return images, labels, {name: records[20 * i : 20 * i + 20].tobytes() for i, name in enumerate(names)}


def cifar_archive(batches: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, body in {"readme.html": b"<html>", **batches}.items():
            info = tarfile.TarInfo(f"{FOLDER}/{name}")
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def register_cifar(monkeypatch: pytest.MonkeyPatch, archive: bytes) -> None:
    files = (remote(archive, "cifar-10-binary.tar.gz"),)
    entry = dataclasses.replace(registry.CIFAR_10, train=100, test=20, files=files, mirrors=())
    monkeypatch.setitem(registry.ENTRIES, "cifar-10", entry)


@pytest.mark.parametrize(
    ("folder", "unpack"),
    [("", False), ("cifar-10", False), ("", True), (FOLDER, True), (f"cifar-10/{FOLDER}", True)],
)
def test_cifar_10_from_archive_or_folder(
    small_cifar: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, unpack: bool
) -> None:
    images, labels, batches = small_cifar
    archive = cifar_archive(batches)
    register_cifar(monkeypatch, archive)
    (tmp_path / "root" / folder).mkdir(parents=True, exist_ok=True)
    for name, body in (batches if unpack else {"cifar-10-binary.tar.gz": archive}).items():
        (tmp_path / "root" / folder / name).write_bytes(body)
    data = load("cifar-10", tmp_path / "root")
    assert data.train_inputs.shape == (100, 3, 32, 32)
    assert data.train_inputs.dtype == np.float32
    np.testing.assert_array_equal(np.rint(data.train_inputs * 255), images[:100].transpose(0, 3, 1, 2))
    np.testing.assert_array_equal(data.test_targets, labels[100:])
    assert [data.classes[i] for i in data.train_targets[:3]] == ["frog", "truck", "truck"]
    assert next(r.state for r in list_datasets(tmp_path / "root") if r.name == "cifar-10") == "available"


@pytest.mark.parametrize(
    "damage", ["truncated", "corrupted", "batch missing", "batch short", "link", "label"]
)
def test_damaged_cifar_10_is_refused(
    small_cifar: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    batches = dict(small_cifar[2])
    if damage == "batch missing":
        del batches["data_batch_3.bin"]
    elif damage == "batch short":
        batches["data_batch_3.bin"] = batches["data_batch_3.bin"][:-1]
    elif damage == "label":
        batches["data_batch_3.bin"] = b"\x0a" + batches["data_batch_3.bin"][1:]
    archive = cifar_archive(batches)
    if damage == "link":
        link = tarfile.TarInfo("../link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive = gzip.compress(link.tobuf() + gzip.decompress(archive))
    register_cifar(monkeypatch, archive)
    if damage == "truncated":
        archive = archive[:-1]
    elif damage == "corrupted":
        archive = archive[:-1] + bytes([archive[-1] ^ 1])
    path = tmp_path / "cifar-10-binary.tar.gz"
    path.write_bytes(archive)
    expected = {
        "truncated": "truncated: expected", "corrupted": "corrupted: expected sha256", "link": "is a symbolic link",
        "batch missing": "has no data_batch_3.bin", "batch short": "has no data_batch_3.bin",
        "label": "data_batch_3.bin: expected labels 0 to 9, got 10 in record 0",
    }  # fmt: skip
    with pytest.raises(GradusError, match=expected[damage]) as caught:
        load("cifar-10", tmp_path)
    assert str(caught.value).startswith(str(path))


def test_cifar_records_must_be_whole() -> None:
    for length in (0, 1, PIXELS, PIXELS + 2):
        with pytest.raises(GradusError, match=f"whole number of {PIXELS + 1}-byte records"):
            parse_cifar(bytes(length), "x")


# --- imports ---------------------------------------------------------------------------------------------------------


def test_importing_and_listing_load_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys, gradus.data; gradus.data.list_datasets(sys.argv[1]);"
        "heavy = ['torch', 'sklearn', 'scipy', 'matplotlib', 'pooch', 'requests', 'rich'];"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
