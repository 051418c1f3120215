"""A user's own data: a folder of images, one folder a class, or a table in a CSV file; read whole or refused in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from gradus.data.csv_table import read_table
from gradus.data.dataset import Dataset, Task
from gradus.data.image_folder import read_images
from gradus.errors import GradusError
from gradus.files import user_path
from gradus.text import Text

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # train inputs, targets, test inputs, targets
TEST_PART, LEAST = 0.2, 5  # the share that is held out; rows that each class must have


def is_path(name: str) -> bool:
    """Whether a name is that of a file or folder, and not of a data set that Gradus knows."""
    return "/" in name or "\\" in name or name.endswith((".csv", ".txt")) or name in (".", "..")


def load_own(name: str, task: Task = "classification", seed: int = 0) -> Dataset:
    """The images of a folder, or the rows of a CSV file.

    A folder holds one folder of images for each class, or two folders `train` and `test` of such; without `test`, a fifth
    of each class is held out, which the seed chooses. A table's target is its column target, label, class or y, else its last.

    Raises:
        GradusError: it is not there, or not of this form; the file, and in a table line and column, are named.
    """
    path = user_path(name)
    try:
        if path.is_dir():
            return _of_folder(path, task, seed)
        if path.is_file():
            return _of_table(path, task, seed)
    except OSError as error:
        reason = error.strerror or error
        raise GradusError(Text(f"{path}: cannot be read: {reason}", f"{path}：无法读取：{reason}")) from None
    raise GradusError(
        Text(
            f"no file or folder {path}; expected a folder of images, a folder with edges.csv and nodes.csv (a graph), a CSV file, or a text (.txt)",
            f"没有文件或文件夹 {path}；应为图像文件夹、含 edges.csv 与 nodes.csv 的文件夹（图）、CSV 文件或文本（.txt）",
        )
    )


def _of_folder(path: Path, task: Task, seed: int) -> Dataset:
    if task != "classification":
        raise GradusError(
            Text(
                f"{path}: a folder of images has classes; expected a table with numbers to predict",
                f"{path}：图像文件夹给出的是类别；此处需要以数值为目标的表格",
            )
        )
    if (path / "train").is_dir() and (path / "test").is_dir():
        x, labels = read_images(path / "train")
        test_x, test_labels = read_images(path / "test")
        if x.shape[1:] != test_x.shape[1:]:
            raise expected(path, f"images of one shape in train and test, got {x.shape[1:]} and {test_x.shape[1:]}",
                         f"train 与 test 中图像形状应相同，得到 {x.shape[1:]} 与 {test_x.shape[1:]}")  # fmt: skip
        classes = class_names(path, [*labels, *test_labels])
        parts = (x, class_numbers(labels, classes), test_x, class_numbers(test_labels, classes))
    else:
        x, labels = read_images(path)
        classes = class_names(path, labels)
        parts = _split(x, class_numbers(labels, classes), seed, True)
    return _dataset(path, "classification", parts, classes, (), "")


def _of_table(path: Path, task: Task, seed: int) -> Dataset:
    table = read_table(path)
    X = table.inputs
    classes: tuple[str, ...] = ()
    if task == "classification":
        classes = class_names(path, table.targets)
        y = class_numbers(table.targets, classes)
    else:
        y = table.numbers()
        if len(y) < 2 * LEAST:
            raise expected(
                path, f"at least {2 * LEAST} rows, got {len(y)}", f"至少需要 {2 * LEAST} 行，得到 {len(y)} 行"
            )
    parts = _split(X, y, seed, task == "classification")
    return _dataset(path, task, parts, classes, table.features, f"; {table.target}")


def class_names(path: Path, labels: Sequence[str]) -> tuple[str, ...]:
    """The classes' names: numbers in their order, else by the alphabet.

    Raises:
        GradusError: there are fewer than two, or one has too few examples.
    """
    counts = Counter(labels)
    few = [name for name, count in counts.items() if count < LEAST]
    if len(counts) < 2 or few:
        rare = f"{few[0]!r} ×{counts[few[0]]}" if few else str(len(counts))
        raise expected(path, f"two classes or more with at least {LEAST} examples each, got {rare}",
                     f"至少需要两个类别，且每类至少 {LEAST} 个样本，得到 {rare}")  # fmt: skip
    try:
        return tuple(sorted(counts, key=float))
    except ValueError:
        return tuple(sorted(counts))


def class_numbers(labels: Sequence[str], classes: tuple[str, ...]) -> np.ndarray:
    """The number of each label among the classes (n,)."""
    numbers = {name: i for i, name in enumerate(classes)}
    return np.array([numbers[label] for label in labels], np.int64)


def _split(x: np.ndarray, y: np.ndarray, seed: int, stratify: bool) -> Parts:
    """Train inputs and targets, test inputs and targets; of each class a fifth is held out."""
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(y == k) for k in np.unique(y)] if stratify else [np.arange(len(y))]
    held = np.concatenate([rng.permutation(rows)[: max(1, round(TEST_PART * len(rows)))] for rows in groups])
    test = np.zeros(len(y), bool)
    test[held] = True
    return x[~test], y[~test], x[test], y[test]


def _dataset(
    path: Path,
    task: Task,
    parts: Sequence[np.ndarray],
    classes: tuple[str, ...],
    features: tuple[str, ...],
    target: str,
) -> Dataset:
    train_x, train_y, test_x, test_y = parts
    return Dataset(
        name=path.stem, title=Text(path.name, path.name), task=task, train_inputs=train_x, train_targets=train_y,
        test_inputs=test_x, test_targets=test_y, classes=classes, features=features, source=f"{path}{target}",
        licence="", citation="", embedded=False,
    )  # fmt: skip


def expected(path: Path, en: str, zh: str) -> GradusError:
    """That a file of the user's is not what it should be, in words that go on from "expected"."""
    return GradusError(Text(f"{path}: expected {en}", f"{path}：{zh}"))
