"""MNIST from the user's folder or mirror: its statistics, and what happens when a file is missing or damaged."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import numpy as np
import pytest
from loopback import Host, remote

from gradus.data import fetch, list_datasets, load, registry
from gradus.errors import GradusError

pytestmark = pytest.mark.usefixtures("no_settings")


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
