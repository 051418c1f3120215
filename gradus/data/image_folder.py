"""Images in a folder, one folder a class: `dogs/a.png`, `cats/b.png`; no image is decoded before its header is believed."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm", ".ppm")
FORMATS = ("PNG", "JPEG", "BMP", "PPM")
GREY, COLOURED = ("1", "L", "LA"), ("P", "RGB", "RGBA")
MOST_PIXELS, MOST_BYTES = 2**20, 2**31  # of an image; of all together


def read_images(folder: Path) -> tuple[np.ndarray, list[str]]:
    """The images (N, C, H, W) as float32 in [0, 1] and the class of each; C is 1 where all are grey, else 3.

    Raises:
        GradusError: there are none, or one is no image, too large, or of another size than the first.
    """
    classes = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    files = [
        (f, c.name)
        for c in classes
        for f in sorted(c.iterdir())
        if f.suffix.lower() in SUFFIXES and f.is_file()
    ]
    if not files:
        kinds = ", ".join(SUFFIXES)
        raise _wrong(
            folder,
            f"expected a folder of images ({kinds}) for each class, got none",
            f"应为每个类别一个图像文件夹（{kinds}），没有找到图像",
        )
    images: list[np.ndarray] = []
    for file, _ in files:
        image = _decoded(file)
        if images and image.shape[:2] != images[0].shape[:2]:
            sizes = ["×".join(map(str, i.shape[:2])) for i in (images[0], image)]
            raise _wrong(
                file,
                f"expected images of one size, {sizes[0]} as the first, got {sizes[1]}; resize them",
                f"图像大小应一致，首张为 {sizes[0]}，得到 {sizes[1]}；请先统一大小",
            )
        images.append(image)
        if len(files) * image.size > MOST_BYTES:
            raise _wrong(
                folder,
                f"its {len(files):,} images take more than {MOST_BYTES:,} bytes",
                f"其中 {len(files):,} 张图像超过 {MOST_BYTES:,} 字节",
            )
    coloured = any(image.ndim == 3 for image in images)
    stacked = np.stack([np.repeat(i[..., None], 3, -1) if coloured and i.ndim == 2 else i for i in images])
    stacked = np.moveaxis(stacked, -1, 1) if coloured else stacked[:, None]
    return np.ascontiguousarray(stacked, np.float32) / np.float32(255), [name for _, name in files]


def _decoded(file: Path) -> np.ndarray:
    """The bytes of an image, (H, W) where it is grey and (H, W, 3) where it is not."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise _wrong(
                        file,
                        f"{image.width}×{image.height} pixels are more than {MOST_PIXELS:,}",
                        f"{image.width}×{image.height} 像素超过上限 {MOST_PIXELS:,}",
                    )
                if image.mode not in GREY + COLOURED:
                    raise _wrong(
                        file,
                        f"expected a grey or a colour image of 8 bits, got mode {image.mode}",
                        f"应为 8 位灰度或彩色图像，得到模式 {image.mode}",
                    )
                return np.asarray(image.convert("L" if image.mode in GREY else "RGB"))
    except GradusError:
        raise
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        raise _wrong(
            file, f"is no whole image: {' '.join(str(error).split())[:100]}", "不是完整的图像"
        ) from None


def _wrong(path: Path, en: str, zh: str) -> GradusError:
    return GradusError(Text(f"{path}: {en}", f"{path}：{zh}"))
