"""Shapes by the names of their axes: an axis that two arguments share has one size."""

from __future__ import annotations

from typing import NamedTuple

from gradus.arguments.errors import refusal
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["Sizes", "fit", "shapes_together"]


class Sizes(dict[str, tuple[int | tuple[int, ...], str]]):
    """The sizes of axes that have come, by name, each with the argument that it came from."""


class _Axis(NamedTuple):
    name: str
    least: int = 0


class _Axes(NamedTuple):
    lead: str  # "", "..." for any leading axes, "*name" for the same, "*#name" for those that broadcast
    own: tuple[_Axis, ...]
    written: str


_PARSED: dict[str, _Axes] = {}  # a dict, since torch.compile sees through one


def _parsed(spec: str) -> _Axes:
    axes = _PARSED.get(spec)
    if axes is None:
        axes = _PARSED[spec] = _parse(spec)
    return axes


def _parse(spec: str) -> _Axes:
    words = spec.split()
    lead = words[0] if words and words[0][0] in "*." else ""
    own = tuple(_axis(word) for word in words[1 if lead else 0 :])
    names = [axis.name for axis in own]
    comma = "," if len(names) == 1 and not lead else ""
    limits = ", ".join([f"{axis.name} ≥ {axis.least}" for axis in own if axis.least])
    written = ", ".join((["…"] if lead else []) + names) + comma
    return _Axes(lead, own, f"({written})" + (f" with {limits}" if limits else ""))


def _axis(word: str) -> _Axis:
    name, _, least = word.partition(">=")
    return _Axis(name, int(least or 0))


def fit(name: str, shape: tuple[int, ...], spec: str, sizes: Sizes | None = None) -> None:
    """Refuses a shape that does not fit, and remembers the sizes of the axes of one that does.

    Args:
        name: of the argument.
        shape: that it has.
        spec: the names of its axes, such as "n d"; "n>=3" for at least 3. Before them may
            stand "..." (any leading axes), "*batch" (the same ones in all arguments) or "*#batch" (those that broadcast).
        sizes: of the axes of the arguments before; a name that is known must have its size again.

    Raises:
        GradusError: the shape does not fit.
    """
    shape, axes = tuple(shape), _parsed(spec)
    count = len(axes.own)
    if len(shape) < count or (not axes.lead and len(shape) != count):
        raise _wrong(name, axes, shape, *_flattening(name, shape, count))
    known = Sizes() if sizes is None else sizes
    for size, axis in zip(shape[len(shape) - count :], axes.own, strict=True):
        want, owner = known.setdefault(axis.name, (size, name))
        if size < axis.least:
            raise _wrong(name, axes, shape)
        if size != want:
            raise _wrong(name, axes, shape, *_both(axis.name, want, size, owner, name))
    if axes.lead not in ("", "..."):
        _lead(name, shape[: len(shape) - count], axes, shape, known)


def _both(axis: str, want: object, size: int, owner: str, name: str) -> tuple[str, str]:
    """The two sizes that an axis has, and in which argument."""
    if owner == name:
        return f"{axis} is both {want} and {size}", f"{axis} 既是 {want} 又是 {size}"
    return f"{axis} is {want} in {owner}", f"{owner} 的 {axis} 是 {want}"


def _lead(name: str, lead: tuple[int, ...], axes: _Axes, shape: tuple[int, ...], known: Sizes) -> None:
    label = axes.lead.lstrip("*#")
    want, owner = known.setdefault(axes.lead, (lead, name))
    if lead == want or not isinstance(want, tuple):
        return
    if "#" in axes.lead:
        both = broadcast(lead, want)
        if both is not None:
            known[axes.lead] = (both, owner)
            return
    en = f"the leading axes ({label}) are {want} in {owner}"
    raise _wrong(name, axes, shape, en, f"{owner} 的前面各轴（{label}）是 {want}")


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape that two shapes broadcast to; None where they do not."""
    if len(a) < len(b):
        a, b = b, a
    result = list(a)
    for i in range(1, len(b) + 1):
        if a[-i] != b[-i] and 1 not in (a[-i], b[-i]):
            return None
        result[-i] = b[-i] if a[-i] == 1 else a[-i]
    return tuple(result)


def shapes_together(**shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that the shapes of arguments broadcast to.

    Raises:
        GradusError: they do not; the arguments are named.
    """
    names = list(shapes)
    both: tuple[int, ...] = ()
    for name, shape in shapes.items():
        wider = broadcast(both, shape)
        if wider is None:
            others = ", ".join(f"{n} {shapes[n]}" for n in names[: names.index(name)])
            raise refusal(
                name,
                (f"a shape that broadcasts against {others}", f"可与 {others} 广播的形状"),
                Text(str(shape), str(shape)),
            )
        both = wider
    return both


def _flattening(name: str, shape: tuple[int, ...], count: int) -> tuple[str, str]:
    """What mends a column or a row where a vector is due."""
    if count == 1 and len(shape) == 2 and 1 in shape:
        return (
            f"flatten it with {name}.ravel(): {shape} would broadcast",
            f"用 {name}.ravel() 展平：{shape} 会发生广播",
        )
    return "", ""


def _wrong(name: str, axes: _Axes, shape: tuple[int, ...], en: str = "", zh: str = "") -> GradusError:
    written = axes.written
    chinese = written.replace(" with ", "，其中 ")
    return refusal(
        name,
        (f"the shape {written}", f"形状 {chinese}"),
        Text(str(tuple(shape)), str(tuple(shape))),
        (en, zh),
    )
