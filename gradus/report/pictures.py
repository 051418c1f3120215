"""The pictures of a training report: confusion matrix, misclassified images, filters, feature maps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import numpy as np

from gradus.errors import GradusError
from gradus.report.png import colours, data_address, diverging, enlarged, ink
from gradus.text import Text

Place = Literal["model", "result", "inside"]


@dataclass(frozen=True)
class Picture:
    """A picture of a report.

    Attributes:
        svg: an SVG file's text (or other HTML that can be read as it stands, such as a table); or a function
            of the language, "en" or "zh", that gives it.
        caption: what is seen and what to see in it.
        alt: the same in words and numbers, for those who cannot see it.
        place: the section: the "model", the "result" or "inside" the model.
        wide: takes the full width; else two stand side by side where there is room.
        kind: figures and tables are numbered apart.
        narrow: an SVG file's text by language that a phone shows in its place.
    """

    svg: str | Callable[[str], str]
    caption: Text
    alt: Text
    place: Place = "result"
    wide: bool = False
    kind: Literal["figure", "table"] = "figure"
    narrow: Callable[[str], str] | None = None

    def markup(self, lang: str) -> str:
        """The picture itself in a language."""
        return self.svg if isinstance(self.svg, str) else self.svg(lang)


def wrong_images(
    images: Any,
    true: Sequence[int],
    predicted: Sequence[int],
    probability: Sequence[float],
    classes: Sequence[str],
    limit: int = 24,
) -> Picture:
    """The misclassified images with what they are, what they were taken for and how surely; the surest first.

    Args:
        images: the misclassified ones only, (n, 1 or 3, H, W), in [0, 1].
        true: their class numbers.
        predicted: the class numbers that the network gave.
        probability: that the network gave to its prediction.
        classes: the classes' names.
        limit: at most so many are drawn.
    """
    x = _images(images)
    if not len(x) == len(true) == len(predicted) == len(probability):
        raise GradusError(
            Text(
                f"expected one label, prediction and probability for each of {len(x)} images, "
                f"got {len(true)}, {len(predicted)} and {len(probability)}",
                f"{len(x)} 张图像应各有一个标签、预测与概率，得到 {len(true)}、{len(predicted)} 与 {len(probability)}",
            )
        )
    order = np.argsort(-np.asarray(probability, float), kind="stable")[:limit]
    shown = [(x[i], classes[int(true[i])], classes[int(predicted[i])], float(probability[i])) for i in order]
    if not shown:
        none = Text("No image was misclassified.", "没有被误分类的图像。")
        return Picture('<p class="none">∅</p>', none, none, "result", wide=True)
    caption = Text(
        f"Misclassified images, {len(shown)} of {len(x)}, the surest mistakes first: "
        "true → predicted, probability of the prediction.",
        f"被误分类的图像（{len(x)} 个中的 {len(shown)} 个，越确信的错误越靠前）：真实 → 预测，以及预测的概率。",
    )
    words = "; ".join(f"{t} → {p} ({q:.0%})" for _, t, p, q in shown)
    alt = Text(f"{len(shown)} images: {words}", f"{len(shown)} 幅图像：{words}")

    def draw(lang: str) -> str:
        word = "真实 {t}，预测 {p}，概率 {q}" if lang == "zh" else "true {t}, predicted {p}, probability {q}"
        return _grid(
            [
                (image, f"{t} → {p}", f"{q:.0%}", word.format(t=t, p=p, q=f"{q:.0%}"))
                for image, t, p, q in shown
            ]
        )

    return Picture(draw, caption, alt, "result", wide=True)


def filters(
    weights: Any,
    layer: str,
    limit: int = 64,
    what: Text = Text("Filters", "卷积核"),
    names: Sequence[str] = (),
) -> Picture:
    """The filters of a convolution: (out, in, h, w), each pair drawn, blue below zero and brown above.

    Filters over three channels are drawn channel by channel like all others: their sign is what matters.

    Args:
        weights: (out, in, h, w).
        layer: whose they are.
        limit: at most so many are drawn.
        what: what they are called.
        names: of each pair; their numbers unless given.
    """
    w = np.asarray(weights, float)
    if w.ndim != 4:
        raise GradusError(
            Text(
                f"expected filters of shape (out, in, height, width), got {w.shape}",
                f"卷积核的形状应为 (out, in, height, width)，得到 {w.shape}",
            )
        )
    flat = w.reshape(-1, *w.shape[2:])
    top = float(np.abs(w).max()) if w.size else 0.0
    shown = flat[:limit]
    caption = Text(
        f"{what.en} of {layer}, {w.shape[2]} × {w.shape[3]}: blue negative, brown positive, "
        f"full colour at ±{top:.2g}" + (f"; {len(shown)} of {len(flat)}." if len(shown) < len(flat) else "."),
        f"{layer} 的{what.zh}（{w.shape[2]} × {w.shape[3]}）：蓝为负，棕为正，最深处为 ±{top:.2g}"
        + (f"；共 {len(flat)} 个，画出 {len(shown)} 个。" if len(shown) < len(flat) else "。"),
    )
    alt = Text(
        f"{len(flat)} {what.en.lower()} of {layer}; values from {w.min():.3g} to {w.max():.3g}, mean {w.mean():.3g}",
        f"{layer} 的 {len(flat)} 个{what.zh}；数值从 {w.min():.3g} 到 {w.max():.3g}，平均 {w.mean():.3g}",
    )

    def draw(lang: str) -> str:
        called = list(names) or [str(i + 1) for i in range(len(shown))]
        return _grid(
            [
                (diverging(f, top), name, "", f"{what.get(lang)} {name}")
                for f, name in zip(shown, called, strict=False)
            ]
        )

    return Picture(draw, caption, alt, "inside", wide=True)


def feature_maps(image: Any, maps: Mapping[str, Any], label: str = "", limit: int = 16) -> Picture:
    """What the layers make of one image: the image, then the maps, (channels, h, w), of each named layer."""
    first = _images(np.asarray(image, float)[None])[0]
    groups = {name: np.asarray(m, float) for name, m in maps.items()}
    for name, m in groups.items():
        if m.ndim != 3:
            raise GradusError(
                Text(
                    f"expected maps of shape (channels, height, width) for {name}, got {m.shape}",
                    f"{name} 的特征图形状应为 (channels, height, width)，得到 {m.shape}",
                )
            )
    of = Text(
        f" of one image (class {label})" if label else "", f"（类别 {label} 的一幅图像）" if label else ""
    )
    caption = Text(
        f"Feature maps{of.en}: each row is a layer, each map scaled to its own largest value.",
        f"特征图{of.zh}：每行一层，每幅图按自身最大值缩放。",
    )
    words = "; ".join(f"{name}: {len(m)} × {m.shape[1]} × {m.shape[2]}" for name, m in groups.items())
    alt = Text(f"Feature maps{of.en}: {words}", f"特征图{of.zh}：{words}")

    def draw(lang: str) -> str:
        source, of_layer = ("输入", "{}，第 {} 图") if lang == "zh" else ("input", "{}, map {}")
        rows = [
            f'<div class="maps"><span class="layer">{source}</span>{_grid([(first, "", "", source)])}</div>'
        ]
        for name, m in groups.items():
            tiles = [(_scaled(one), "", "", of_layer.format(name, i + 1)) for i, one in enumerate(m[:limit])]
            rows.append(f'<div class="maps"><span class="layer">{escape(name)}</span>{_grid(tiles)}</div>')
        return "".join(rows)

    return Picture(draw, caption, alt, "inside", wide=True)


def image_rows(
    rows: Mapping[Text, Any],
    caption: Text,
    place: Place = "result",
    alt: Text | None = None,
    large: bool = False,
) -> Picture:
    """Rows of small images, each with its name: ink where a row has one sign, else blue below zero and brown above; colours as they are.

    Args:
        rows: for each name its images, (n, h, w), (n, 1, h, w), or (n, 3, h, w) in [0, 1]; grey ones in [0, 1] are drawn as they are, others
            scaled to the row's largest size.
        caption: what is seen.
        place: the section of the report.
        alt: the same in words; the caption and the numbers of images unless given.
        large: four images fill a row, in place of ten.

    Raises:
        GradusError: another shape.
    """
    arrays = {name: np.asarray(values, float) for name, values in rows.items()}
    for name, values in arrays.items():
        if values.ndim != 3 and (values.ndim != 4 or values.shape[1] not in (1, 3)):
            raise GradusError(
                Text(
                    f"expected images of shape (n, height, width) or (n, 1 or 3, height, width) for {name.en}, got {values.shape}",
                    f"{name.zh} 的图像形状应为 (n, height, width) 或 (n, 1 或 3, height, width)，得到 {values.shape}",
                )
            )
    words = alt or Text(
        f"{caption.en} " + "; ".join(f"{name.en}: {len(v)}" for name, v in arrays.items()),
        caption.zh + "；".join(f"{name.zh}：{len(v)}" for name, v in arrays.items()),
    )

    def draw(lang: str) -> str:
        parts = []
        for name, values in arrays.items():
            tiles = [
                (pixels, "", "", f"{name.get(lang)} {i}") for i, pixels in enumerate(_row_pixels(values), 1)
            ]
            label = f'<span class="layer">{escape(name.get(lang))}</span>'
            parts.append(f'<div class="maps{" large" if large else ""}">{label}{_grid(tiles)}</div>')
        return "".join(parts)

    return Picture(draw, caption, words, place, wide=True)


def _row_pixels(values: np.ndarray) -> list[np.ndarray]:
    if values.ndim == 4 and values.shape[1] == 3:
        return [colours(v) for v in values]
    grey = values[:, 0] if values.ndim == 4 else values
    top = float(np.abs(grey).max())
    signed = grey.min() < -0.05 * top
    return [diverging(v, top) if signed else ink(v / max(top, 1.0)) for v in grey]


def _images(images: Any) -> list[np.ndarray]:
    """Pixels of images (n, 1 or 3, h, w) or (n, h, w)."""
    x = np.asarray(images, float)
    if x.ndim == 3:
        x = x[:, None]
    if x.ndim != 4 or x.shape[1] not in (1, 3):
        raise GradusError(
            Text(
                f"expected images of shape (n, 1 or 3, height, width), got {x.shape}",
                f"图像的形状应为 (n, 1 或 3, height, width)，得到 {x.shape}",
            )
        )
    return [ink(one[0]) if len(one) == 1 else colours(one) for one in x]


def _scaled(values: np.ndarray) -> np.ndarray:
    """A map as ink, or in two colours when it has both signs, scaled to its own largest value."""
    top = float(np.abs(np.nan_to_num(values)).max())
    return diverging(values, top) if values.min() < 0 else ink(values / (top or 1.0))


def _grid(tiles: Sequence[tuple[np.ndarray, str, str, str]]) -> str:
    """Small images that wrap like words: (pixels, caption, second line, text alternative)."""
    parts = []
    for pixels, caption, second, alt in tiles:
        kind = ' class="ink"' if pixels.shape[-1] == 2 else ""
        lines = "".join(f"<span>{escape(line)}</span>" for line in (caption, second) if line)
        height, width = pixels.shape[:2]
        parts.append(
            f'<span class="tile"><img{kind} src="{data_address(enlarged(pixels))}" width="{width}" height="{height}" '
            f'alt="{escape(alt, quote=True)}">{lines}</span>'
        )
    return f'<div class="tiles">{"".join(parts)}</div>'
