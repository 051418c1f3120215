"""The verb sample: images from a finished run of a generative system."""

from __future__ import annotations

import io
import math
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from gradus.cli.terminal import Terminal
from gradus.errors import GradusError
from gradus.files import output_file, write_atomically
from gradus.text import Text

if TYPE_CHECKING:
    from torch import Tensor

SUFFIXES = (".png", ".npy")
MOST_COLUMNS = 64


def sample(options: Namespace, out: Terminal) -> int:
    """Writes images, or ways from one to another, as one picture or as an array."""
    from gradus.running import system_of
    from gradus.running.samplers import sampler_of_run
    from gradus.systems.sampler import between

    target = output_file(options.output, suffixes=SUFFIXES)
    if options.guidance is not None and not math.isfinite(options.guidance):
        raise GradusError(Text("--guidance: expected a number", "--guidance：应为一个数"))
    made = sampler_of_run(system_of(options.key), options.run)
    count, label = options.n, vars(options)["class"]
    noise, condition = made.noise(count, options.seed), made.condition(count, label)
    square = math.isqrt(count - 1) + 1
    columns = len(made.classes) if made.classes and label is None else square  # a class a column
    if options.between:
        import torch

        columns = options.between
        ends = made.noise(2 * count, options.seed).reshape(count, 2, *made.latent)
        noise = torch.cat([between(a, b, columns) for a, b in ends])
        condition = None if condition is None else condition.repeat_interleave(columns)
    images = made.images(noise, condition, steps=options.steps, guidance=options.guidance)
    _write(images, target, min(columns, MOST_COLUMNS))
    size = "×".join(map(str, images.shape))
    out.say(out.t(f"{size} images: {target}", f"{size} 的图像：{target}"))
    return 0


def _write(images: Tensor, target: Path, columns: int) -> None:
    """The values as they are: 0 black, 1 white; in the array as single-precision numbers."""
    if target.suffix.lower() == ".npy":
        import numpy as np

        buffer = io.BytesIO()
        np.save(buffer, images.numpy(), allow_pickle=False)
        write_atomically(target, [buffer.getvalue()])
        return
    from gradus.report.png import encode
    from gradus.systems.sample_pictures import sheet

    write_atomically(target, [encode(sheet(images, columns))])
