"""CIFAR-10 from its archive or its folder; damaged, it is refused by name."""

from __future__ import annotations

import dataclasses
import gzip
import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from loopback import remote

from gradus.data import list_datasets, load, registry
from gradus.data.cifar import FOLDER, PIXELS, parse_cifar
from gradus.errors import GradusError

pytestmark = pytest.mark.usefixtures("no_settings")


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
