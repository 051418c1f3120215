"""The pictures of a generative system: its images over the training, on the way between two, and beside what they are nearest to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradus.data import Dataset
from gradus.systems.sample_quality import nearest
from gradus.systems.sampler import Sampler, between
from gradus.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from gradus.report import Picture
    from gradus.training import Callback
    from gradus.training.run import Run

SHOWN = 10  # images of a row
SNAPSHOTS = 5  # rows over the training
_NAME = re.compile(r"images-(\d+)\.json")


def snapshots(make: Callable[[], Tensor], directory: Path | None, epochs: int) -> Callback:
    """Keeps the images that `make` gives after some epochs, the last among them, in the seed's folder; in memory where there is none.

    A run that is resumed finds those that were kept. The averaged weights are used where there are any.
    """
    import contextlib

    from gradus.training import Callback, save_checkpoint
    from gradus.training.distributed import process_group
    from gradus.training.modes import evaluating

    at = {max(1, round(epochs * share)) for share in np.geomspace(max(1 / epochs, 0.02), 1, SNAPSHOTS)}

    class Snapshots(Callback):
        def __init__(self) -> None:
            self.images: dict[int, Any] = {}

        def on_epoch_end(self, run: Run, row: dict[str, Any]) -> None:
            epoch = row["epoch"]
            if epoch not in at:
                return
            with run.average.applied() if run.average else contextlib.nullcontext(), evaluating(run.model):
                made = make().detach().cpu()
            self.images[epoch] = made.numpy()
            with process_group() as group:
                if directory is not None and group.rank == 0:
                    save_checkpoint(directory / f"images-{epoch}", {"images": made}, {"epoch": epoch})

    return Snapshots()


def kept_images(callback: Any, directory: Path | None) -> dict[int, np.ndarray]:
    """The images kept after each epoch, those of an earlier process included, in order."""
    from gradus.training import load_checkpoint

    found = dict(callback.images)
    for file in sorted(directory.glob("images-*.json")) if directory is not None else ():
        if named := _NAME.fullmatch(file.name):
            found.setdefault(int(named[1]), load_checkpoint(file).tensors["images"].numpy())
    return dict(sorted(found.items()))


def over_training(kept: Mapping[int, np.ndarray]) -> list[Picture]:
    """The same noise after some epochs, a row each."""
    from gradus.report.pictures import image_rows

    rows = {Text(f"epoch {epoch}", f"第 {epoch} 轮"): images[:SHOWN] for epoch, images in kept.items()}
    caption = Text(
        "The same noise after some epochs: what it becomes in the course of the training.",
        "同一组噪声在若干轮之后生成的图像：随训练的变化。",
    )
    return [image_rows(rows, caption)] if rows else []


def sample_rows(sampler: Sampler, label: Text = Text("samples", "样本"), rows: int = 3) -> Picture:
    """Images as they come, chosen by nobody; where there are classes, each in turn."""
    from gradus.report.pictures import image_rows

    made = [sampler.draw(SHOWN, i)[0].numpy() for i in range(rows)]
    caption = Text("Samples as they come, none chosen.", "未经挑选的样本。")
    if sampler.classes:
        names = ", ".join(sampler.classes[:SHOWN])
        caption = Text(
            f"Samples as they come, none chosen; asked for, column by column: {names}.",
            f"未经挑选的样本；各列所要求的类别依次为 {names}。",
        )
    return image_rows(
        {Text(f"{label.en} {i + 1}", f"{label.zh} {i + 1}"): m for i, m in enumerate(made)}, caption
    )


def interpolations(sampler: Sampler, rows: int = 3) -> Picture:
    """Images on the way from one noise to another, of one class where there are classes."""
    import torch

    from gradus.report.pictures import image_rows

    shown = {}
    for i in range(rows):
        a, b = sampler.noise(2, 50 + i)
        condition = None if not sampler.classes else torch.full((SHOWN,), i % len(sampler.classes))
        made = sampler.images(between(a, b, SHOWN), condition)
        shown[Text(f"way {i + 1}", f"路径 {i + 1}")] = made.numpy()
    caption = Text(
        "From one noise to another, along the great circle of their directions: where the way is learnt and not patched together, all that lies between looks like an image, too.",
        "从一个噪声沿大圆弧到另一个噪声：若这条路是学来的而非拼接的，途中各点也应像真实图像。",
    )
    return image_rows(shown, caption)


def nearest_neighbours(sampler: Sampler, data: Dataset) -> Picture:
    """Samples above the training images that they are nearest to, pixel by pixel."""
    from gradus.report.pictures import image_rows

    made = sampler.draw(SHOWN, 77)[0].numpy()
    apart, which = nearest(made, data.train_inputs)
    rows = {Text("samples", "样本"): made, Text("nearest", "最近邻"): data.train_inputs[which]}
    words = ", ".join(f"{d:.2f}" for d in apart)
    caption = Text(
        f"Samples, and below each the training image that it is nearest to, pixel by pixel; distances {words}.",
        f"上为样本，下为逐像素距离最近的训练图像；距离依次为 {words}。",
    )
    return image_rows(rows, caption)


def sheet(images: Any, columns: int) -> np.ndarray:
    """Images (n, C, H, W) in [0, 1] as one picture of 8-bit pixels, (H, W, C), with a grey line between them; small ones enlarged."""
    x = np.asarray(images, float)
    n, channels, height, width = x.shape
    times = max(1, -(-64 // max(height, width)))
    pixels = np.rint(255 * x).astype(np.uint8).repeat(times, 2).repeat(times, 3)
    rows = -(-n // columns)
    whole = np.full(
        (rows * (height * times + 2) - 2, columns * (width * times + 2) - 2, channels), 128, np.uint8
    )
    for i, one in enumerate(pixels):
        y, at = (i // columns) * (height * times + 2), (i % columns) * (width * times + 2)
        whole[y : y + height * times, at : at + width * times] = np.moveaxis(one, 0, -1)
    return whole
