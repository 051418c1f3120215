"""Hostile archives write nothing outside their folder and leave nothing half done; good ones unpack."""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path

import hostile
import numpy as np
import pytest

from gradus.data import Limits, extract
from gradus.data import archive as archive_module
from gradus.errors import GradusError

ARCHIVES = hostile.archives()
DAMAGED = {
    "tar: damaged header", "tar: no end", "tar: cut in a header", "tar: cut in a file", "tar.gz: cut",
    "tar.gz: checksum wrong", "gz: cut", "gz: checksum wrong", "gz: trailing bytes", "gz: method unknown",
    "zip: checksum wrong", "zip: declares fewer bytes", "zip: declares more bytes", "zip: local name differs", "zip: cut",
}  # fmt: skip
NO_ARCHIVES = {"nothing", "text", "bzip2"}
LIMITS = Limits(max_bytes=4 * 2**20, max_entries=1000)


def everything_below(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


@pytest.mark.parametrize("label", ARCHIVES)
def test_hostile_archive_is_refused_whole(label: str, tmp_path: Path) -> None:
    name, make = ARCHIVES[label]
    (tmp_path / "in").mkdir()
    (tmp_path / "out_evil").mkdir()
    archive = tmp_path / "in" / name
    archive.write_bytes(make())
    before = everything_below(tmp_path)
    with pytest.raises(GradusError) as caught:
        extract(archive, tmp_path / "out", LIMITS)
    reason = (
        "damaged"
        if label in DAMAGED
        else "expected a zip, tar or gzip"
        if label in NO_ARCHIVES
        else "refused:"
    )
    assert f"{archive}: {reason}" in str(caught.value)
    if label.endswith(("parent", "parent in the middle", "parent within", "sibling prefix")):
        assert "leads upwards" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert everything_below(tmp_path) == before  # nothing outside, nothing half left behind
    assert not Path("/tmp/gradus_outside.txt").exists()


def test_there_are_at_least_thirty_hostile_archives() -> None:
    assert len(ARCHIVES) >= 30


FILES = {
    "a.txt": b"alpha",
    "folder/b.bin": bytes(range(256)) * 50,
    "folder/深/c": b"",
    "folder/.hidden": b"h",
}


def good_tar(mode: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as tar:
        for folder in ("./", "folder", "empty/"):
            info = tarfile.TarInfo(folder)
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
        for name, body in FILES.items():
            info = tarfile.TarInfo("./" + name)
            info.size, info.mode, info.uid = len(body), 0o6777, 12345  # setuid, and writable by all
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def good_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as unpacked:
        unpacked.mkdir("folder")
        unpacked.mkdir("empty")
        for name, body in FILES.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o106777 << 16
            unpacked.writestr(info, body)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tar", good_tar("w")),
        ("a.tar.gz", good_tar("w:gz")),
        ("misnamed.zip", good_tar("w:gz")),
        ("a.zip", good_zip()),
        ("trailing.zip", good_zip() + b"tail"),
        ("ein Archiv 档案.zip", good_zip()),
    ],
)
def test_good_archive_unpacks_without_its_permissions(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    archive, out = tmp_path / "in" / name, tmp_path / "out put 出"
    archive.write_bytes(data)
    paths = extract(archive, out)
    assert [p.relative_to(out).as_posix() for p in paths] == list(FILES)
    assert {p.relative_to(out).as_posix(): p.read_bytes() for p in paths} == FILES
    assert (out / "empty").is_dir()
    assert all(stat.S_IMODE(p.stat().st_mode) & 0o7133 == 0 for p in paths)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", out.name]


def test_single_gzip_file_of_several_members(tmp_path: Path) -> None:
    archive = tmp_path / "values.idx.gz"
    archive.write_bytes(gzip.compress(b"one ") + gzip.compress(b"two"))
    (path,) = extract(archive, tmp_path / "out")
    assert (path.name, path.read_bytes()) == ("values.idx", b"one two")


def test_nested_archive_stays_packed(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(hostile.zip_of(("inner.zip", hostile.zip_of(("../x", b"evil")))))
    assert [p.name for p in extract(tmp_path / "a.zip", tmp_path / "out")] == ["good.txt", "inner.zip"]


def test_real_archive_unpacks(real_data: Path, tmp_path: Path) -> None:
    paths = extract(real_data / "knowledge_graphs" / "umls.tar.gz", tmp_path / "out")
    lines = {p.name: p.read_text().count("\n") for p in paths if not p.name.startswith(".")}
    assert (lines["train.txt"], lines["valid.txt"], lines["test.txt"]) == (5216, 652, 661)


def test_folder_must_be_new_or_empty(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(good_zip())
    (tmp_path / "empty").mkdir()
    assert len(extract(archive, tmp_path / "empty")) == len(FILES)
    with pytest.raises(GradusError, match="new or empty"):
        extract(archive, tmp_path / "empty")
    with pytest.raises(GradusError, match="new or empty"):
        extract(archive, archive)
    with pytest.raises(GradusError, match="No such file"):
        extract(tmp_path / "absent.zip", tmp_path / "out")


def test_failure_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.zip").write_bytes(good_zip())
    calls = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive_module.os, "fsync", full)
    with pytest.raises(GradusError, match="No space left on device"):
        extract(tmp_path / "a.zip", tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["a.zip"]


def test_remains_of_a_killed_process_are_swept(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(good_zip())
    (tmp_path / ".out.0123.part").mkdir()
    (tmp_path / ".out.0123.part" / "half").write_bytes(b"half")
    extract(tmp_path / "a.zip", tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "out"]


@pytest.mark.parametrize(
    "data", [good_tar("w:gz"), good_zip(), gzip.compress(b"text" * 99)], ids=["tar", "zip", "gz"]
)
def test_damaged_bytes_raise_one_kind_of_error(data: bytes, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for i in range(200):
        broken = bytearray(data)
        for _ in range(rng.integers(1, 4)):
            broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        if i % 4 == 0:
            del broken[rng.integers(len(broken)) :]
        archive, out = tmp_path / "a.archive", tmp_path / f"out{i}"
        archive.write_bytes(broken)
        try:
            extract(archive, out, LIMITS)
        except GradusError:
            assert not out.exists()
    left = [p for p in everything_below(tmp_path) if not p.startswith(("out", "a.archive"))]
    assert left == []


def test_limits_hold(tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(hostile.zip_of(("zeros", bytes(2**21))))
    with pytest.raises(GradusError, match=r"declares 2,097,152 bytes; 1,048,57[0-9] are allowed"):
        extract(archive, tmp_path / "out")  # 2 MiB out of 2 kB
    extract(archive, tmp_path / "out", Limits(max_ratio=2000))
    with pytest.raises(GradusError, match="more than 1 entries"):
        extract(archive, tmp_path / "other", Limits(max_entries=1))


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs links")
def test_folder_behind_the_users_own_link_is_used(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(good_zip())
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk")
    extract(tmp_path / "a.zip", tmp_path / "link" / "out")
    assert (tmp_path / "disk" / "out" / "a.txt").read_bytes() == b"alpha"
