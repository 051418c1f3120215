"""Reading the files of a downloaded data set, each verified before a byte of it is used."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from gradus.data import cifar
from gradus.data.archive import checked
from gradus.data.archive_members import members, naming_damage
from gradus.data.idx import parse_idx
from gradus.data.registry import Entry
from gradus.data.store import DamagedFileError, compare, find, read_content, read_exactly
from gradus.errors import GradusError
from gradus.text import Text

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # train images, labels, test images, labels


def located(entry: Entry, root: Path) -> list[Path | None]:
    """Where each of the files lies; None for one that is not there."""
    if entry.format == "cifar" and (folder := _cifar_folder(entry, root)):
        return [folder]
    return [find(entry, file, root) for file in entry.files]


def place(entry: Entry, root: Path) -> list[Path]:
    """Where the files lie, all of them.

    Raises:
        GradusError: one is not there.
    """
    paths = located(entry, root)
    for path, file in zip(paths, entry.files, strict=True):
        if path is None:
            raise GradusError(
                Text(
                    f"{entry.name}: {file.name} is not in {root / entry.name}: run `gradus data get {entry.name}`, "
                    f"or name a folder that has it by --data-dir or GRADUS_DATA",
                    f"{entry.name}：{root / entry.name} 中没有 {file.name}：请运行 `gradus data get {entry.name}`，"
                    f"或用 --data-dir 或 GRADUS_DATA 指定含有它的文件夹",
                )
            )
    return [path for path in paths if path]


@contextmanager
def saying_how_to_mend(entry: Entry) -> Iterator[None]:
    """Adds to what is said of a damaged file how another one is got."""
    try:
        yield
    except DamagedFileError as error:
        hint = f"it was not used; `gradus data get {entry.name}` sets it aside and fetches it again"
        raise DamagedFileError(
            error.path,
            Text(
                f"{error}; {hint}",
                f"{error.text.zh}；该文件未被使用；`gradus data get {entry.name}` 会将它移开并重新下载",
            ),
        ) from None


def read_idx_set(entry: Entry, root: Path) -> Arrays:
    """The four idx files of a data set of the MNIST kind, as bytes 0…255 and class numbers.

    Raises:
        GradusError: a file is missing, damaged, or not of the expected shape; the path is named.
    """
    counts = (entry.train, entry.train, entry.test, entry.test)
    arrays = []
    for file, path, count in zip(entry.files, place(entry, root), counts, strict=True):
        with saying_how_to_mend(entry):
            array = parse_idx(read_content(path, file), str(path))
        shape = (count, *entry.shape[1:]) if "images" in file.name else (count,)
        if array.shape != shape or array.dtype != np.uint8:
            raise GradusError(
                Text(
                    f"{path}: expected uint8 of shape {shape}, got {array.dtype} of shape {array.shape}",
                    f"{path}：应为形状 {shape} 的 uint8 数组，得到形状 {array.shape} 的 {array.dtype} 数组",
                )
            )
        if "labels" in file.name and array.max() >= len(entry.classes):
            last = len(entry.classes) - 1
            raise GradusError(
                Text(
                    f"{path}: expected labels 0 to {last}, got {array.max()}",
                    f"{path}：标签应为 0 到 {last}，得到 {array.max()}",
                )
            )
        arrays.append(array)
    return arrays[0][:, None], arrays[1], arrays[2][:, None], arrays[3]  # (N, 1, 28, 28)


def read_cifar_set(entry: Entry, root: Path) -> Arrays:
    """The batches of CIFAR-10's binary version, from the verified archive or from the folder it unpacks to.

    Raises:
        GradusError: a file is missing, damaged, or not of the expected size; the path is named.
    """
    size = entry.train // len(cifar.TRAIN) * cifar.RECORD
    (path,) = place(entry, root)
    with saying_how_to_mend(entry):
        if path.is_dir():
            contents = {name: read_exactly(path / name, size) for name in (*cifar.TRAIN, *cifar.TEST)}
        else:
            contents = _archived(entry, path, size)
    train = [cifar.parse_cifar(contents[name], str(path / name)) for name in cifar.TRAIN]
    test_images, test_labels = cifar.parse_cifar(contents[cifar.TEST[0]], str(path / cifar.TEST[0]))
    images = np.concatenate([images for images, _ in train])
    return images, np.concatenate([labels for _, labels in train]), test_images, test_labels


def _archived(entry: Entry, path: Path, size: int) -> dict[str, bytes]:
    """The batch files in the archive, whose checksum is compared first, through the same open file."""
    wanted = {(cifar.FOLDER, name): name for name in (*cifar.TRAIN, *cifar.TEST)}
    contents = {}
    with path.open("rb") as file, naming_damage(path):
        compare(path, os.fstat(file.fileno()).st_size, entry.files[0].size)
        compare(path, hashlib.file_digest(file, "sha256").hexdigest(), entry.files[0].sha256)
        file.seek(0)
        budget = (len(wanted) + 1) * size + 2**20
        for member, name in checked(members(file, path, budget), path, max_entries=100):
            if name in wanted and member.size == size:
                contents[wanted[name]] = member.read.read(size)
    if missing := set(wanted.values()) - set(contents):
        raise DamagedFileError(
            path,
            Text(
                f"{path}: has no {', '.join(sorted(missing))} of {size:,} bytes",
                f"{path}：没有大小为 {size:,} 字节的 {'、'.join(sorted(missing))}",
            ),
        )
    return contents


def _cifar_folder(entry: Entry, root: Path) -> Path | None:
    """The folder of unpacked batches, where one lies and the archive does not."""
    if find(entry, entry.files[0], root):
        return None
    for folder in (root / entry.name / cifar.FOLDER, root / cifar.FOLDER, root):
        if all((folder / name).is_file() for name in (*cifar.TRAIN, *cifar.TEST)):
            return folder
    return None
